package query

import (
	"slices"
	"testing"

	"github.com/weirstream/weir/bench/nexmark/site"
)

func TestQ3(t *testing.T) { check(t, Q3, batchQ3) }

func batchQ3(n int64) (rows []Offer) {
	people := make(map[int64]site.Person)
	for e := range site.All(n) {
		if e.Kind == site.KindPerson {
			people[e.Person.ID] = e.Person
		}
	}
	for e := range site.All(n) {
		if e.Kind != site.KindAuction || e.Auction.Category != 10 {
			continue
		}
		p, ok := people[e.Auction.Seller]
		if ok && slices.Contains([]string{"OR", "ID", "CA"}, p.State) {
			rows = append(rows, Offer{p.Name, p.City, p.State, e.Auction.ID, max(p.DateTime, e.Auction.DateTime)})
		}
	}
	return rows
}
