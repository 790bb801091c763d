package query

import (
	"slices"
	"testing"

	"github.com/weirstream/weir/bench/nexmark/site"
)

func TestQ19(t *testing.T) {
	type key struct{ auction, rank int64 }
	checkBy(t, Q19, batchQ19, func(rows []Ranked) (valid []Ranked) {
		last := make(map[key]Ranked)
		for _, r := range rows {
			r.At = 0 // the time of the bid that has moved it there, which need not be one that stays
			last[key{r.Auction, r.Rank}] = r
		}
		for _, r := range last {
			valid = append(valid, r)
		}
		return valid
	})
}

func batchQ19(n int64) (rows []Ranked) {
	all := make(map[int64][]site.Bid)
	for e := range site.All(n) {
		if e.Kind == site.KindBid {
			all[e.Bid.Auction] = append(all[e.Bid.Auction], e.Bid)
		}
	}
	for _, bids := range all {
		slices.SortStableFunc(bids, func(a, b site.Bid) int { return int(b.Price - a.Price) })
		for i, b := range bids[:min(10, len(bids))] {
			rows = append(rows, Ranked{b, int64(i + 1), 0})
		}
	}
	return rows
}
