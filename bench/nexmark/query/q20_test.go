package query

import (
	"testing"

	"github.com/weirstream/weir/bench/nexmark/site"
)

func TestQ20(t *testing.T) { check(t, Q20, batchQ20) }

func batchQ20(n int64) (rows []Expanded) {
	all := make(map[int64]site.Auction)
	for e := range site.All(n) {
		if e.Kind == site.KindAuction {
			all[e.Auction.ID] = e.Auction
		}
	}
	for e := range site.All(n) {
		if a := all[e.Bid.Auction]; e.Kind == site.KindBid && a.Category == 10 {
			rows = append(rows, Expanded{e.Bid, a})
		}
	}
	return rows
}
