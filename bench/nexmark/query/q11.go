package query

import (
	"github.com/weirstream/weir"
	"github.com/weirstream/weir/bench/nexmark/site"
	"github.com/weirstream/weir/window"
)

// Bids is a row of Q11 and Q12.
type Bids struct {
	Bidder, Bids int64
	Start, End   weir.Time
}

// Q11 counts the bids of each bidder, session by session: a session ends when there was no
// bid for ten seconds.
func Q11(events weir.Stream[site.Event]) weir.Stream[Bids] {
	return countBids(events, window.Session(windowSize))
}

func countBids(events weir.Stream[site.Event], w window.Assigner) weir.Stream[Bids] {
	made := bids(events, func(b site.Bid) (int64, bool) { return b.Bidder, true })
	byBidder := weir.KeyBy(made, func(bidder int64) int64 { return bidder })
	counts := weir.AggregateWindow(weir.Window(byBidder, w), "bids per bidder", weir.Count[int64]())
	return weir.Map(counts, func(p weir.Pane[int64, int64]) (Bids, error) {
		return Bids{p.Key, p.Value, p.Start, p.End}, nil
	})
}
