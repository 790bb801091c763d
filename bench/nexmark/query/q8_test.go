package query

import (
	"testing"

	"github.com/weirstream/weir"
	"github.com/weirstream/weir/bench/nexmark/site"
)

func TestQ8(t *testing.T) { check(t, Q8, batchQ8) }

func batchQ8(n int64) (rows []NewSeller) {
	type sale struct {
		seller int64
		window weir.Time
	}
	sales := make(map[sale]bool)
	for e := range site.All(n) {
		if e.Kind == site.KindAuction {
			sales[sale{e.Auction.Seller, e.Auction.DateTime / 10_000}] = true
		}
	}
	for e := range site.All(n) {
		if p := e.Person; e.Kind == site.KindPerson && sales[sale{p.ID, p.DateTime / 10_000}] {
			rows = append(rows, NewSeller{p.ID, p.Name, (p.DateTime/10_000 + 1) * 10_000})
		}
	}
	return rows
}
