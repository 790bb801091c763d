package query

import (
	"github.com/weirstream/weir"
	"github.com/weirstream/weir/bench/nexmark/site"
)

// DayReport is a row of Q15. It replaces the earlier ones of its day.
type DayReport struct {
	Day int64 // since 1970
	Report
	At weir.Time
}

// Q15 reports on each day: how many bids, distinct bidders and distinct auctions, in all and
// for three ranks of prices. There is a row after each bid.
func Q15(events weir.Stream[site.Event]) weir.Stream[DayReport] {
	made := bids(events, func(b site.Bid) (judged, bool) {
		return judged{"", b.Auction, b.Bidder, b.Price, b.DateTime}, true
	})
	byDay := weir.KeyBy(made, func(j judged) int64 { return dayOf(j.At) })
	return weir.Process(byDay, "report", func(c *weir.KeyContext[int64], out *weir.Out[DayReport]) func(judged) error {
		row := weir.NewValue[DayReport](c, "row")
		bidders := weir.NewMap[int64, int8](c, "bidders")
		auctions := weir.NewMap[int64, int8](c, "auctions")
		return func(j judged) error {
			r, _ := row.Ref()
			r.Day, r.At = c.Key(), max(r.At, j.At)
			r.report(j, bidders, auctions)
			out.Emit(*r)
			return nil
		}
	})
}
