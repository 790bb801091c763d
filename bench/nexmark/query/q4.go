package query

import (
	"github.com/weirstream/weir"
	"github.com/weirstream/weir/bench/nexmark/site"
)

// CategoryPrice is a row of Q4. It replaces the earlier ones of its category.
type CategoryPrice struct {
	Category, Price int64
	At              weir.Time
}

// sold is what Q4 and Q6 need of an auction.
type sold struct{ Category, Seller int64 }

// nothing is what they need of a bid beside its price.
type nothing struct{}

// prices are the auctions that have closed, with the price of the winning bid.
func prices(events weir.Stream[site.Event]) weir.Stream[won[sold, nothing]] {
	opened := auctions(events, func(a site.Auction) (opened[sold], bool) {
		return opened[sold]{a.ID, a.DateTime, a.Expires, sold{a.Category, a.Seller}}, true
	})
	offered := bids(events, func(b site.Bid) (offered[nothing], bool) {
		return offered[nothing]{b.Auction, b.Price, b.DateTime, nothing{}}, true
	})
	return winning(opened, offered, "winning bids")
}

// Q4 is the average price of the winning bids, per category.
func Q4(events weir.Stream[site.Event]) weir.Stream[CategoryPrice] {
	byCategory := weir.KeyBy(prices(events), func(w won[sold, nothing]) int64 { return w.Auction.Row.Category })
	return weir.Process(byCategory, "average", func(c *weir.KeyContext[int64], out *weir.Out[CategoryPrice]) func(won[sold, nothing]) error {
		total := weir.NewValue[priceTotal](c, "total")
		return func(w won[sold, nothing]) error {
			t, _ := total.Ref()
			t.N++
			t.Sum += w.Bid.Price
			out.Emit(CategoryPrice{w.Auction.Row.Category, t.Sum / t.N, w.Auction.Closes})
			return nil
		}
	})
}

type priceTotal struct{ N, Sum int64 }
