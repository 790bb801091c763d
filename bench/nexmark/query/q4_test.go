package query

import (
	"testing"

	"github.com/weirstream/weir"
)

func TestQ4(t *testing.T) {
	checkBy(t, Q4, batchQ4, func(rows []CategoryPrice) (valid []CategoryPrice) {
		last, times := make(map[int64]CategoryPrice), make(map[int64]weir.Time)
		for _, r := range rows {
			last[r.Category] = r
			times[r.Category] = max(times[r.Category], r.At)
		}
		for _, r := range last {
			// The last row is not always about the auction that has closed last.
			valid = append(valid, CategoryPrice{r.Category, r.Price, times[r.Category]})
		}
		return valid
	})
}

func batchQ4(n int64) (rows []CategoryPrice) {
	sum, count, last := make(map[int64]int64), make(map[int64]int64), make(map[int64]weir.Time)
	for _, w := range batchWinning(n) {
		c := w.auction.Category
		sum[c] += w.bid.Price
		count[c]++
		last[c] = max(last[c], w.auction.Expires)
	}
	for c := range sum {
		rows = append(rows, CategoryPrice{c, sum[c] / count[c], last[c]})
	}
	return rows
}
