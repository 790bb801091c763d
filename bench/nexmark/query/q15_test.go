package query

import (
	"testing"

	"github.com/weirstream/weir"
	"github.com/weirstream/weir/bench/nexmark/site"
)

func TestQ15(t *testing.T) {
	checkLast(t, Q15, batchQ15, func(r DayReport) int64 { return r.Day })
}

func batchQ15(n int64) (rows []DayReport) {
	days := make(map[int64]*batchReport)
	for e := range site.All(n) {
		if e.Kind == site.KindBid {
			day := int64(e.Bid.DateTime.Time().Unix() / (24 * 60 * 60))
			if days[day] == nil {
				days[day] = newBatchReport()
			}
			days[day].add(&e.Bid)
		}
	}
	for day, b := range days {
		rows = append(rows, DayReport{day, b.report(), b.last})
	}
	return rows
}

// A batchReport has what Q15 and Q16 count as sets; number 0 of each is for all ranks.
type batchReport struct {
	bids              [4]int64
	bidders, auctions [4]map[int64]bool
	last              weir.Time
}

func newBatchReport() *batchReport {
	b := &batchReport{}
	for i := range 4 {
		b.bidders[i], b.auctions[i] = make(map[int64]bool), make(map[int64]bool)
	}
	return b
}

func (r *batchReport) add(b *site.Bid) {
	rank := 3
	if b.Price < 10_000 {
		rank = 1
	} else if b.Price < 1_000_000 {
		rank = 2
	}
	for _, i := range []int{0, rank} {
		r.bids[i]++
		r.bidders[i][b.Bidder] = true
		r.auctions[i][b.Auction] = true
	}
	r.last = max(r.last, b.DateTime)
}

func (r *batchReport) report() Report {
	sizes := func(sets [4]map[int64]bool) Figures {
		return Figures{int64(len(sets[0])), int64(len(sets[1])), int64(len(sets[2])), int64(len(sets[3]))}
	}
	return Report{Figures{r.bids[0], r.bids[1], r.bids[2], r.bids[3]}, sizes(r.bidders), sizes(r.auctions)}
}
