package query

import (
	"github.com/weirstream/weir"
	"github.com/weirstream/weir/bench/nexmark/site"
)

// Selected is a row of Q2.
type Selected struct {
	Auction, Price int64
	At             weir.Time
}

// Q2 selects the bids for auctions whose id is a multiple of 123.
func Q2(events weir.Stream[site.Event]) weir.Stream[Selected] {
	return bids(events, func(b site.Bid) (Selected, bool) {
		return Selected{b.Auction, b.Price, b.DateTime}, b.Auction%123 == 0
	})
}
