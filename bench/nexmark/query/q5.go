package query

import (
	"time"

	"github.com/weirstream/weir"
	"github.com/weirstream/weir/bench/nexmark/site"
	"github.com/weirstream/weir/window"
)

// HotItem is a row of Q5.
type HotItem struct {
	Auction, Bids int64
	At            weir.Time
}

const (
	windowSize  = 10 * time.Second
	windowSlide = 2 * time.Second
)

// Q5 finds the auctions with the most bids in the last ten seconds, every two seconds.
func Q5(events weir.Stream[site.Event]) weir.Stream[HotItem] {
	made := bids(events, func(b site.Bid) (int64, bool) { return b.Auction, true })
	last := weir.Window(weir.KeyBy(made, func(auction int64) int64 { return auction }), window.Sliding(windowSize, windowSlide))
	counts := weir.AggregateWindow(last, "bids per auction", weir.Count[int64]())
	// The counts of a window meet under its end. They have the timestamp of its last
	// millisecond, and so are in one short window.
	byEnd := weir.KeyBy(counts, func(p weir.Pane[int64, int64]) weir.Time { return p.End })
	most := weir.AggregateWindow(weir.Window(byEnd, window.Tumbling(windowSlide)), "most", weir.Aggregating(
		func(most []HotItem, p weir.Pane[int64, int64]) ([]HotItem, error) {
			switch {
			case len(most) > 0 && p.Value < most[0].Bids:
				return most, nil
			case len(most) > 0 && p.Value > most[0].Bids:
				most = most[:0]
			}
			return append(most, HotItem{p.Key, p.Value, p.End - 1}), nil
		},
		func(most []HotItem) ([]HotItem, error) { return most, nil },
	))
	return weir.FlatMapTo(most, func(p weir.Pane[weir.Time, []HotItem], out *weir.Out[HotItem]) error {
		for _, h := range p.Value {
			out.Emit(h)
		}
		return nil
	})
}
