package query

import (
	"testing"

	"github.com/weirstream/weir/bench/nexmark/site"
)

func TestQ11(t *testing.T) { check(t, Q11, batchQ11) }

func batchQ11(n int64) (rows []Bids) {
	open := make(map[int64]Bids) // per bidder
	for e := range site.All(n) {
		if e.Kind != site.KindBid {
			continue
		}
		// Flink has sessions that touch as one.
		s, ok := open[e.Bid.Bidder]
		if ok && e.Bid.DateTime > s.End {
			rows = append(rows, s)
			ok = false
		}
		if !ok {
			s = Bids{Bidder: e.Bid.Bidder, Start: e.Bid.DateTime}
		}
		s.Bids++
		s.End = e.Bid.DateTime + 10_000
		open[e.Bid.Bidder] = s
	}
	for _, s := range open {
		rows = append(rows, s)
	}
	return rows
}
