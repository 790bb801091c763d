package query

import (
	"fmt"
	"testing"

	"github.com/weirstream/weir/bench/nexmark/site"
)

func TestQ13(t *testing.T) { check(t, Q13, batchQ13) }

func batchQ13(n int64) (rows []Enriched) {
	for e := range site.All(n) {
		if b := e.Bid; e.Kind == site.KindBid {
			rows = append(rows, Enriched{b.Auction, b.Bidder, b.Price, b.DateTime, fmt.Sprint(b.Auction % 10_000)})
		}
	}
	return rows
}
