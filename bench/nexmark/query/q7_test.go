package query

import (
	"testing"

	"github.com/weirstream/weir"
	"github.com/weirstream/weir/bench/nexmark/site"
)

func TestQ7(t *testing.T) { check(t, Q7, batchQ7) }

func batchQ7(n int64) (rows []HighestBid) {
	highest := make(map[weir.Time]int64) // per window
	for e := range site.All(n) {
		if e.Kind == site.KindBid {
			w := e.Bid.DateTime / 10_000
			highest[w] = max(highest[w], e.Bid.Price)
		}
	}
	for e := range site.All(n) {
		if b := e.Bid; e.Kind == site.KindBid && b.Price == highest[b.DateTime/10_000] {
			rows = append(rows, HighestBid{b.Auction, b.Bidder, b.Price, b.DateTime, b.Extra})
		}
	}
	return rows
}
