package query

import (
	"strings"

	"github.com/weirstream/weir"
	"github.com/weirstream/weir/bench/nexmark/site"
)

// Calculated is a row of Q14. Price is in thousandths of a euro cent.
type Calculated struct {
	Auction, Bidder, Price int64
	TimeOfDay              string
	DateTime               weir.Time
	Extra                  string
	Cs                     int64
}

// Q14 calculates, for bids between 10,000 and 500,000 euros, the price in euros, the time
// of day (in UTC), and how many letters c there are in the extra text.
func Q14(events weir.Stream[site.Event]) weir.Stream[Calculated] {
	return bids(events, func(b site.Bid) (Calculated, bool) {
		price := inEuros(b.Price)
		if price <= 1_000_000_000 || price >= 50_000_000_000 {
			return Calculated{}, false
		}
		return Calculated{b.Auction, b.Bidder, price, timeOfDay(b.DateTime), b.DateTime, b.Extra, int64(strings.Count(b.Extra, "c"))}, true
	})
}

func timeOfDay(at weir.Time) string {
	switch hour := at / 3_600_000 % 24; {
	case hour >= 8 && hour <= 18:
		return "dayTime"
	case hour <= 6 || hour >= 20:
		return "nightTime"
	}
	return "otherTime"
}
