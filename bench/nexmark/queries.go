package main

import (
	"fmt"
	"strings"

	"github.com/weirstream/weir"
	"github.com/weirstream/weir/bench/nexmark/query"
	"github.com/weirstream/weir/bench/nexmark/site"
)

// An entry is a query of the benchmark.
type entry struct {
	name, what string
	flink      bool // the program for Flink has it, too
	build      func(weir.Stream[site.Event], *probe)
}

// queries are all queries, in the order in which they are run.
var queries = []entry{
	of("q0", "pass the bids through", atOnce, query.Q0, func(r *query.Passed) weir.Time { return r.DateTime }).beside(),
	of("q1", "convert the prices", atOnce, query.Q1, func(r *query.Converted) weir.Time { return r.DateTime }).beside(),
	of("q2", "select bids by their auction", atOnce, query.Q2, func(r *query.Selected) weir.Time { return r.At }).beside(),
	of("q3", "join auctions with sellers", atOnce, query.Q3, func(r *query.Offer) weir.Time { return r.At }).beside(),
	of("q4", "average winning bid per category", byTime, query.Q4, func(r *query.CategoryPrice) weir.Time { return r.At }).beside(),
	of("q5", "hot items", byTime, query.Q5, func(r *query.HotItem) weir.Time { return r.At }).beside(),
	of("q6", "average of a seller's last ten", byTime, query.Q6, func(r *query.SellerPrice) weir.Time { return r.At }),
	of("q7", "highest bids", byTime, query.Q7, func(r *query.HighestBid) weir.Time { return r.DateTime - r.DateTime%10_000 + 9_999 }).beside(),
	of("q8", "new sellers", byTime, query.Q8, func(r *query.NewSeller) weir.Time { return r.At - 1 }).beside(),
	of("q9", "winning bids", byTime, query.Q9, func(r *query.Winner) weir.Time { return r.Expires }).beside(),
	of("q11", "bids per session", byTime, query.Q11, func(r *query.Bids) weir.Time { return r.End - 1 }).beside(),
	of("q12", "bids in ten seconds of the clock", atOnce, query.Q12, nil),
	of("q13", "join bids with a table", atOnce, query.Q13, func(r *query.Enriched) weir.Time { return r.DateTime }),
	of("q14", "calculate", atOnce, query.Q14, func(r *query.Calculated) weir.Time { return r.DateTime }),
	of("q15", "report per day", atOnce, query.Q15, func(r *query.DayReport) weir.Time { return r.At }),
	of("q16", "report per channel and day", atOnce, query.Q16, func(r *query.ChannelReport) weir.Time { return r.At }),
	of("q18", "last bid per bidder and auction", atOnce, query.Q18, func(r *site.Bid) weir.Time { return r.DateTime }),
	of("q19", "ten highest bids per auction", atOnce, query.Q19, func(r *query.Ranked) weir.Time { return r.At }),
	of("q20", "join bids with their auctions", atOnce, query.Q20, func(r *query.Expanded) weir.Time { return max(r.Bid.DateTime, r.Auction.DateTime) }),
	of("q22", "directories of URLs", atOnce, query.Q22, func(r *query.Directories) weir.Time { return r.At }),
}

// How long after its event time a row can come at the earliest, in event time.
const (
	atOnce weir.Time = 0
	// byTime is for rows that wait until the watermark has come to their time.
	byTime = weir.Time(site.Lateness/1e6) + 1
)

// of makes an entry. at returns the event time of a row; nil if it has none.
func of[R any](name, what string, wait weir.Time, build func(weir.Stream[site.Event]) weir.Stream[R], at func(*R) weir.Time) entry {
	return entry{name: name, what: what, build: func(events weir.Stream[site.Event], p *probe) {
		sink := probeSink[R]{probe: p}
		if at != nil {
			sink.due = func(r *R) weir.Time { return at(r) + wait }
		}
		weir.To(build(events), "rows", sink)
	}}
}

// beside says that Flink runs the query, too.
func (e entry) beside() entry {
	e.flink = true
	return e
}

// chosen returns the queries of a list such as "q0,q5", or all of them. With flink it
// returns only those that Flink runs, too.
func chosen(list string, flink bool) (all []entry, err error) {
	for _, name := range strings.Split(list, ",") {
		n := len(all)
		for _, q := range queries {
			if (name == q.name || name == "all") && (q.flink || !flink) {
				all = append(all, q)
			}
		}
		if len(all) == n {
			return nil, fmt.Errorf("there is no query %q: want all, or some of %s", name, names(flink))
		}
	}
	return all, nil
}

func names(flink bool) string {
	var names []string
	for _, q := range queries {
		if q.flink || !flink {
			names = append(names, q.name)
		}
	}
	return strings.Join(names, ",")
}
