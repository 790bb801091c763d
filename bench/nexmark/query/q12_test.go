package query

import (
	"testing"

	"github.com/weirstream/weir/bench/nexmark/site"
)

// Where the windows begin depends on the clock: in all of them together is each bid once.
func TestQ12(t *testing.T) {
	checkBy(t, Q12, batchQ12, func(rows []Bids) (valid []Bids) {
		sum := make(map[int64]int64)
		for _, r := range rows {
			if r.End-r.Start != 10_000 || r.Start%10_000 != 0 {
				t.Fatalf("a window of %d to %d", r.Start, r.End)
			}
			sum[r.Bidder] += r.Bids
		}
		for bidder, n := range sum {
			valid = append(valid, Bids{Bidder: bidder, Bids: n})
		}
		return valid
	})
}

func batchQ12(n int64) (rows []Bids) {
	sum := make(map[int64]int64)
	for e := range site.All(n) {
		if e.Kind == site.KindBid {
			sum[e.Bid.Bidder]++
		}
	}
	for bidder, n := range sum {
		rows = append(rows, Bids{Bidder: bidder, Bids: n})
	}
	return rows
}
