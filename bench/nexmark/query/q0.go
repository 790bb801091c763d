package query

import (
	"github.com/weirstream/weir"
	"github.com/weirstream/weir/bench/nexmark/site"
)

// Passed is a row of Q0.
type Passed struct {
	Auction, Bidder, Price int64
	DateTime               weir.Time
	Extra                  string
}

// Q0 passes the bids through: what the events alone cost.
func Q0(events weir.Stream[site.Event]) weir.Stream[Passed] {
	return bids(events, func(b site.Bid) (Passed, bool) {
		return Passed{b.Auction, b.Bidder, b.Price, b.DateTime, b.Extra}, true
	})
}
