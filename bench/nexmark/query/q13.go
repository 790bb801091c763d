package query

import (
	"strconv"

	"github.com/weirstream/weir"
	"github.com/weirstream/weir/bench/nexmark/site"
)

// Enriched is a row of Q13.
type Enriched struct {
	Auction, Bidder, Price int64
	DateTime               weir.Time
	Value                  string
}

// sideInput is the bounded table that Q13 joins with: the published one has a text for each
// number below 10,000.
var sideInput = func() (t [10_000]string) {
	for i := range t {
		t[i] = strconv.Itoa(i)
	}
	return t
}()

// Q13 joins each bid with a bounded table, by its auction modulo 10,000. The table is read
// when a subtask is opened, as the lookup join of the published query does.
func Q13(events weir.Stream[site.Event]) weir.Stream[Enriched] {
	return weir.FlatMapWith(events, func(_ *weir.Context, out *weir.Out[Enriched]) func(site.Event) error {
		table := make(map[int64]string, len(sideInput))
		for key, value := range sideInput {
			table[int64(key)] = value
		}
		return func(e site.Event) error {
			if e.Kind == site.KindBid {
				b := &e.Bid
				if value, ok := table[b.Auction%10_000]; ok {
					out.Emit(Enriched{b.Auction, b.Bidder, b.Price, b.DateTime, value})
				}
			}
			return nil
		}
	})
}
