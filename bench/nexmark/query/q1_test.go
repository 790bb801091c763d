package query

import (
	"testing"

	"github.com/weirstream/weir/bench/nexmark/site"
)

func TestQ1(t *testing.T) { check(t, Q1, batchQ1) }

func batchQ1(n int64) (rows []Converted) {
	for e := range site.All(n) {
		if b := e.Bid; e.Kind == site.KindBid {
			rows = append(rows, Converted{b.Auction, b.Bidder, b.Price * 908, b.DateTime, b.Extra})
		}
	}
	return rows
}
