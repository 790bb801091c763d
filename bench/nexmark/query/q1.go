package query

import (
	"github.com/weirstream/weir"
	"github.com/weirstream/weir/bench/nexmark/site"
)

// Converted is a row of Q1. Price is in thousandths of a euro cent.
type Converted struct {
	Auction, Bidder, Price int64
	DateTime               weir.Time
	Extra                  string
}

// inEuros converts a price in dollar cents to thousandths of a euro cent: a dollar is 0.908
// euros, exactly.
func inEuros(price int64) int64 { return price * 908 }

// Q1 converts the price of each bid from dollars to euros.
func Q1(events weir.Stream[site.Event]) weir.Stream[Converted] {
	return bids(events, func(b site.Bid) (Converted, bool) {
		return Converted{b.Auction, b.Bidder, inEuros(b.Price), b.DateTime, b.Extra}, true
	})
}
