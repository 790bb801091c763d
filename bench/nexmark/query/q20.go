package query

import (
	"github.com/weirstream/weir"
	"github.com/weirstream/weir/bench/nexmark/site"
)

// Expanded is a row of Q20: a bid with its auction.
type Expanded struct {
	Bid     site.Bid
	Auction site.Auction
}

// Q20 joins each bid with its auction, if that is in category 10, however much later one
// comes than the other. Of auctions in other categories it keeps only that they are, so that
// their bids need not wait.
func Q20(events weir.Stream[site.Event]) weir.Stream[Expanded] {
	opened := auctions(events, func(a site.Auction) (site.Auction, bool) { return a, true })
	made := bids(events, func(b site.Bid) (site.Bid, bool) { return b, true })
	byID := weir.KeyBy(opened, func(a site.Auction) int64 { return a.ID })
	byAuction := weir.KeyBy(made, func(b site.Bid) int64 { return b.Auction })
	return weir.CoProcess(byID, byAuction, "expand", func(c *weir.KeyContext[int64], out *weir.Out[Expanded]) (func(site.Auction) error, func(site.Bid) error) {
		inCategory := weir.NewValue[bool](c, "in category")
		auction := weir.NewValue[site.Auction](c, "auction")
		waiting := weir.NewList[site.Bid](c, "bids")
		return func(a site.Auction) error {
				inCategory.Set(a.Category == 10)
				if a.Category == 10 {
					auction.Set(a)
					for b := range waiting.All() {
						out.Emit(Expanded{b, a})
					}
				}
				waiting.Clear()
				return nil
			}, func(b site.Bid) error {
				switch in, known := inCategory.Get(); {
				case !known:
					waiting.Add(b)
				case in:
					a, _ := auction.Get()
					out.Emit(Expanded{b, a})
				}
				return nil
			}
	})
}
