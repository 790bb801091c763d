package query

import (
	"github.com/weirstream/weir"
	"github.com/weirstream/weir/bench/nexmark/site"
)

// ChannelReport is a row of Q16. It replaces the earlier ones of its channel and day.
type ChannelReport struct {
	Channel string
	Day     int64 // since 1970
	Minute  int64 // of the day, of the last bid
	Report
	At weir.Time
}

// channelDay is the key of Q16.
type channelDay struct {
	Channel string
	Day     int64
}

// Q16 reports on each channel and day what Q15 reports on each day. There is a row after each
// bid.
func Q16(events weir.Stream[site.Event]) weir.Stream[ChannelReport] {
	made := bids(events, func(b site.Bid) (judged, bool) {
		return judged{b.Channel, b.Auction, b.Bidder, b.Price, b.DateTime}, true
	})
	byChannel := weir.KeyBy(made, func(j judged) channelDay { return channelDay{j.Channel, dayOf(j.At)} })
	return weir.Process(byChannel, "report", func(c *weir.KeyContext[channelDay], out *weir.Out[ChannelReport]) func(judged) error {
		report := weir.NewValue[lastReport](c, "report")
		bidders := weir.NewMap[int64, int8](c, "bidders")
		auctions := weir.NewMap[int64, int8](c, "auctions")
		return func(j judged) error {
			r, _ := report.Ref()
			r.At = max(r.At, j.At)
			r.report(j, bidders, auctions)
			minute := int64(r.At) / 60_000 % (24 * 60)
			out.Emit(ChannelReport{j.Channel, c.Key().Day, minute, r.Report, r.At})
			return nil
		}
	})
}

// lastReport is a report and the time of its last bid.
type lastReport struct {
	Report
	At weir.Time
}
