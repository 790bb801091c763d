package query

import (
	"testing"

	"github.com/weirstream/weir/bench/nexmark/site"
)

func TestQ18(t *testing.T) {
	checkLast(t, Q18, batchQ18, func(b site.Bid) bidderAuction { return bidderAuction{b.Bidder, b.Auction} })
}

func batchQ18(n int64) (rows []site.Bid) {
	last := make(map[[2]int64]site.Bid)
	for e := range site.All(n) {
		if e.Kind == site.KindBid {
			last[[2]int64{e.Bid.Bidder, e.Bid.Auction}] = e.Bid
		}
	}
	for _, b := range last {
		rows = append(rows, b)
	}
	return rows
}
