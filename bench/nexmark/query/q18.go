package query

import (
	"github.com/weirstream/weir"
	"github.com/weirstream/weir/bench/nexmark/site"
)

// bidderAuction is the key of Q18.
type bidderAuction struct{ Bidder, Auction int64 }

// Q18 finds the last bid of each bidder for each auction. A row replaces the earlier ones of
// its bidder and auction.
func Q18(events weir.Stream[site.Event]) weir.Stream[site.Bid] {
	made := bids(events, func(b site.Bid) (site.Bid, bool) { return b, true })
	byBoth := weir.KeyBy(made, func(b site.Bid) bidderAuction { return bidderAuction{b.Bidder, b.Auction} })
	return weir.Process(byBoth, "last", func(c *weir.KeyContext[bidderAuction], out *weir.Out[site.Bid]) func(site.Bid) error {
		last := weir.NewValue[weir.Time](c, "time")
		return func(b site.Bid) error {
			// Of bids of one millisecond the later one counts.
			if at, existed := last.Ref(); !existed || b.DateTime >= *at {
				*at = b.DateTime
				out.Emit(b)
			}
			return nil
		}
	})
}
