package query

import (
	"github.com/weirstream/weir"
	"github.com/weirstream/weir/bench/nexmark/site"
	"github.com/weirstream/weir/window"
)

// HighestBid is a row of Q7.
type HighestBid struct {
	Auction, Bidder, Price int64
	DateTime               weir.Time
	Extra                  string
}

// parts is how many parts of the bids Q7 finds the highest ones of, before it compares these.
const parts = 64

// Q7 finds the highest bids of every ten seconds.
func Q7(events weir.Stream[site.Event]) weir.Stream[HighestBid] {
	made := bids(events, func(b site.Bid) (HighestBid, bool) {
		return HighestBid{b.Auction, b.Bidder, b.Price, b.DateTime, b.Extra}, true
	})
	ofParts := highest(weir.KeyBy(made, func(b HighestBid) int64 { return b.Auction % parts }), "highest of a part")
	return highest(weir.KeyBy(ofParts, func(HighestBid) int64 { return 0 }), "highest")
}

// highest finds the highest bids of each key and window.
func highest(in weir.Keyed[int64, HighestBid], name string) weir.Stream[HighestBid] {
	best := weir.AggregateWindow(weir.Window(in, window.Tumbling(windowSize)), name, weir.Aggregating(
		func(best []HighestBid, b HighestBid) ([]HighestBid, error) {
			switch {
			case len(best) > 0 && b.Price < best[0].Price:
				return best, nil
			case len(best) > 0 && b.Price > best[0].Price:
				best = best[:0]
			}
			return append(best, b), nil
		},
		func(best []HighestBid) ([]HighestBid, error) { return best, nil },
	))
	return weir.FlatMapTo(best, func(p weir.Pane[int64, []HighestBid], out *weir.Out[HighestBid]) error {
		for _, b := range p.Value {
			out.Emit(b)
		}
		return nil
	})
}
