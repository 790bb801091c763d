package query

import (
	"testing"

	"github.com/weirstream/weir/bench/nexmark/site"
)

func TestQ2(t *testing.T) { check(t, Q2, batchQ2) }

func batchQ2(n int64) (rows []Selected) {
	for e := range site.All(n) {
		if b := e.Bid; e.Kind == site.KindBid && b.Auction%123 == 0 {
			rows = append(rows, Selected{b.Auction, b.Price, b.DateTime})
		}
	}
	return rows
}
