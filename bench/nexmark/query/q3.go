package query

import (
	"github.com/weirstream/weir"
	"github.com/weirstream/weir/bench/nexmark/site"
)

// Offer is a row of Q3.
type Offer struct {
	Name, City, State string
	Auction           int64
	At                weir.Time
}

// resident is what Q3 keeps of a person.
type resident struct {
	ID                int64
	Name, City, State string
	Since             weir.Time
}

// listed is what Q3 keeps of an auction.
type listed struct {
	ID, Seller int64
	Opened     weir.Time
}

// Q3 finds out who in Oregon, Idaho and California sells in category 10, and in which
// auctions: auctions joined with people, however much later one comes than the other.
func Q3(events weir.Stream[site.Event]) weir.Stream[Offer] {
	inCategory := auctions(events, func(a site.Auction) (listed, bool) {
		return listed{a.ID, a.Seller, a.DateTime}, a.Category == 10
	})
	inStates := persons(events, func(p site.Person) (resident, bool) {
		return resident{p.ID, p.Name, p.City, p.State, p.DateTime}, p.State == "OR" || p.State == "ID" || p.State == "CA"
	})
	bySeller := weir.KeyBy(inCategory, func(l listed) int64 { return l.Seller })
	byID := weir.KeyBy(inStates, func(r resident) int64 { return r.ID })
	return weir.CoProcess(bySeller, byID, "sellers", func(c *weir.KeyContext[int64], out *weir.Out[Offer]) (func(listed) error, func(resident) error) {
		seller := weir.NewValue[resident](c, "seller")
		waiting := weir.NewList[listed](c, "auctions")
		offer := func(l listed, r *resident) {
			out.Emit(Offer{r.Name, r.City, r.State, l.ID, max(l.Opened, r.Since)})
		}
		return func(l listed) error {
				if r, ok := seller.Get(); ok {
					offer(l, &r)
				} else {
					waiting.Add(l)
				}
				return nil
			}, func(r resident) error {
				seller.Set(r)
				if waiting.Len() > 0 {
					for l := range waiting.All() {
						offer(l, &r)
					}
					waiting.Clear()
				}
				return nil
			}
	})
}
