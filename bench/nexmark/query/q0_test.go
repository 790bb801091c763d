package query

import (
	"testing"

	"github.com/weirstream/weir/bench/nexmark/site"
)

func TestQ0(t *testing.T) { check(t, Q0, batchQ0) }

func batchQ0(n int64) (rows []Passed) {
	for e := range site.All(n) {
		if b := e.Bid; e.Kind == site.KindBid {
			rows = append(rows, Passed{b.Auction, b.Bidder, b.Price, b.DateTime, b.Extra})
		}
	}
	return rows
}
