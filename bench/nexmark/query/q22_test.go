package query

import (
	"strings"
	"testing"

	"github.com/weirstream/weir/bench/nexmark/site"
)

func TestQ22(t *testing.T) { check(t, Q22, batchQ22) }

func batchQ22(n int64) (rows []Directories) {
	for e := range site.All(n) {
		if b := e.Bid; e.Kind == site.KindBid {
			parts := strings.Split(b.URL, "/")
			rows = append(rows, Directories{b.Auction, b.Bidder, b.Price, b.Channel, parts[3], parts[4], parts[5], b.DateTime})
		}
	}
	return rows
}
