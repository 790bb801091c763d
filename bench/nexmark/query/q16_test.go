package query

import (
	"testing"

	"github.com/weirstream/weir/bench/nexmark/site"
)

func TestQ16(t *testing.T) {
	checkLast(t, Q16, batchQ16, func(r ChannelReport) channelDay { return channelDay{r.Channel, r.Day} })
}

func batchQ16(n int64) (rows []ChannelReport) {
	type key struct{ channel, day string }
	all := make(map[key]*batchReport)
	for e := range site.All(n) {
		if e.Kind == site.KindBid {
			k := key{e.Bid.Channel, e.Bid.DateTime.Time().UTC().Format("2006-01-02")}
			if all[k] == nil {
				all[k] = newBatchReport()
			}
			all[k].add(&e.Bid)
		}
	}
	for k, b := range all {
		last := b.last.Time().UTC()
		rows = append(rows, ChannelReport{k.channel, last.Unix() / (24 * 60 * 60), int64(last.Hour()*60 + last.Minute()), b.report(), b.last})
	}
	return rows
}
