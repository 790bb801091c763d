package query

import (
	"testing"

	"github.com/weirstream/weir"
	"github.com/weirstream/weir/bench/nexmark/site"
)

func TestQ5(t *testing.T) { check(t, Q5, batchQ5) }

func batchQ5(n int64) (rows []HotItem) {
	counts := make(map[weir.Time]map[int64]int64) // per end of the window and auction
	for e := range site.All(n) {
		if e.Kind != site.KindBid {
			continue
		}
		// The window ends after the bid, and at most ten seconds after it.
		for end := e.Bid.DateTime - e.Bid.DateTime%2000 + 2000; end <= e.Bid.DateTime+10_000; end += 2000 {
			if counts[end] == nil {
				counts[end] = make(map[int64]int64)
			}
			counts[end][e.Bid.Auction]++
		}
	}
	for end, auctions := range counts {
		var most int64
		for _, n := range auctions {
			most = max(most, n)
		}
		for auction, n := range auctions {
			if n == most {
				rows = append(rows, HotItem{auction, n, end - 1})
			}
		}
	}
	return rows
}
