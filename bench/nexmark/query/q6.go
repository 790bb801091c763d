package query

import (
	"cmp"
	"slices"

	"github.com/weirstream/weir"
	"github.com/weirstream/weir/bench/nexmark/site"
)

// SellerPrice is a row of Q6.
type SellerPrice struct {
	Seller, Price int64
	At            weir.Time
}

// lastPrices are the prices of a seller's last auctions, at most ten.
type lastPrices struct {
	Prices [10]int64
	N      int64
}

// closing is an auction that has closed.
type closing struct {
	ID, Price int64
	At        weir.Time
}

// Q6 is the average price that a seller had in the last ten auctions, each time that one
// has closed with a bid. (The published words say ten, the SQL says eleven; it is one of
// those that Flink's SQL cannot run.) Auctions count in the order in which they close, and
// of their ids.
func Q6(events weir.Stream[site.Event]) weir.Stream[SellerPrice] {
	bySeller := weir.KeyBy(prices(events), func(w won[sold, nothing]) int64 { return w.Auction.Row.Seller })
	return weir.Process(bySeller, "last ten", func(c *weir.KeyContext[int64], out *weir.Out[SellerPrice]) func(won[sold, nothing]) error {
		last := weir.NewValue[lastPrices](c, "prices")
		// Auctions come from several subtasks: they wait until event time has put them in order.
		waiting := weir.NewList[closing](c, "closed")
		order := c.EventTimers("order", func(now weir.Time) error {
			var due, later []closing
			for a := range waiting.All() {
				if a.At <= now {
					due = append(due, a)
				} else {
					later = append(later, a)
				}
			}
			waiting.Set(later)
			slices.SortFunc(due, func(a, b closing) int { return cmp.Or(cmp.Compare(a.At, b.At), cmp.Compare(a.ID, b.ID)) })
			l, _ := last.Ref()
			for _, a := range due {
				out.Emit(SellerPrice{c.Key(), l.add(a.Price), a.At})
			}
			return nil
		})
		return func(w won[sold, nothing]) error {
			waiting.Add(closing{w.Auction.ID, w.Bid.Price, w.Auction.Closes})
			order.Register(w.Auction.Closes)
			return nil
		}
	})
}

// add adds a price, and returns the average of the last ones.
func (l *lastPrices) add(price int64) int64 {
	l.Prices[l.N%int64(len(l.Prices))] = price
	l.N++
	var sum int64
	for _, p := range l.Prices {
		sum += p
	}
	return sum / min(l.N, int64(len(l.Prices)))
}
