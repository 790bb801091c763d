package query

import (
	"testing"

	"github.com/weirstream/weir/bench/nexmark/site"
)

func TestQ14(t *testing.T) { check(t, Q14, batchQ14) }

func batchQ14(n int64) (rows []Calculated) {
	for e := range site.All(n) {
		b := e.Bid
		if euros := 0.908 * float64(b.Price); e.Kind != site.KindBid || euros <= 1_000_000 || euros >= 50_000_000 {
			continue
		}
		var cs int64
		for _, letter := range b.Extra {
			if letter == 'c' {
				cs++
			}
		}
		name := "otherTime"
		if hour := b.DateTime.Time().UTC().Hour(); hour >= 8 && hour <= 18 {
			name = "dayTime"
		} else if hour <= 6 || hour >= 20 {
			name = "nightTime"
		}
		rows = append(rows, Calculated{b.Auction, b.Bidder, b.Price * 908, name, b.DateTime, b.Extra, cs})
	}
	return rows
}

// The first events are all of the night: here are the other times of the day.
func TestTimeOfDay(t *testing.T) {
	for hour, want := range map[int]string{0: "nightTime", 6: "nightTime", 7: "otherTime", 8: "dayTime", 18: "dayTime", 19: "otherTime", 20: "nightTime", 23: "nightTime"} {
		if got := timeOfDay(site.At(int64(hour) * 3_600_000 * site.PerMilli)); got != want {
			t.Errorf("%d:00 is %s, want %s", hour, got, want)
		}
	}
}
