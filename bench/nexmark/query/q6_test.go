package query

import (
	"cmp"
	"maps"
	"slices"
	"testing"
)

func TestQ6(t *testing.T) { check(t, Q6, batchQ6) }

func batchQ6(n int64) (rows []SellerPrice) {
	closed := slices.SortedFunc(maps.Values(batchWinning(n)), func(a, b *batchWon) int {
		return cmp.Or(cmp.Compare(a.auction.Expires, b.auction.Expires), cmp.Compare(a.auction.ID, b.auction.ID))
	})
	prices := make(map[int64][]int64)
	for _, w := range closed {
		seller := w.auction.Seller
		prices[seller] = append(prices[seller], w.bid.Price)
		last := prices[seller][max(0, len(prices[seller])-10):]
		var sum int64
		for _, p := range last {
			sum += p
		}
		rows = append(rows, SellerPrice{seller, sum / int64(len(last)), w.auction.Expires})
	}
	return rows
}
