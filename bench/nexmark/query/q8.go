package query

import (
	"github.com/weirstream/weir"
	"github.com/weirstream/weir/bench/nexmark/site"
	"github.com/weirstream/weir/window"
)

// NewSeller is a row of Q8.
type NewSeller struct {
	ID   int64
	Name string
	At   weir.Time // the end of the window
}

// activity is what Q8 needs of an event: a person has registered, or has opened an auction.
type activity struct {
	ID         int64
	Name       string
	Registered bool
}

// newcomer is what there is of a person in a window.
type newcomer struct {
	Name             string
	Registered, Sold bool
}

// Q8 finds the people who have opened an auction in the ten seconds in which they have
// registered.
func Q8(events weir.Stream[site.Event]) weir.Stream[NewSeller] {
	registered := persons(events, func(p site.Person) (activity, bool) { return activity{p.ID, p.Name, true}, true })
	sold := auctions(events, func(a site.Auction) (activity, bool) { return activity{a.Seller, "", false}, true })
	byID := weir.KeyBy(weir.Union(registered, sold), func(a activity) int64 { return a.ID })
	both := weir.AggregateWindow(weir.Window(byID, window.Tumbling(windowSize)), "new sellers", weir.Aggregating(
		func(n newcomer, a activity) (newcomer, error) {
			if a.Registered {
				n.Name, n.Registered = a.Name, true
			} else {
				n.Sold = true
			}
			return n, nil
		},
		func(n newcomer) (newcomer, error) { return n, nil },
	))
	return weir.FlatMapTo(both, func(p weir.Pane[int64, newcomer], out *weir.Out[NewSeller]) error {
		if p.Value.Registered && p.Value.Sold {
			out.Emit(NewSeller{p.Key, p.Value.Name, p.End})
		}
		return nil
	})
}
