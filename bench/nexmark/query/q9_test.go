package query

import "testing"

func TestQ9(t *testing.T) { check(t, Q9, batchQ9) }

func batchQ9(n int64) (rows []Winner) {
	for _, w := range batchWinning(n) {
		a, b := w.auction, w.bid
		rows = append(rows, Winner{
			a.ID, a.ItemName, a.Description, a.InitialBid, a.Reserve, a.DateTime, a.Expires, a.Seller, a.Category, a.Extra,
			b.Bidder, b.Price, b.DateTime, b.Extra,
		})
	}
	return rows
}
