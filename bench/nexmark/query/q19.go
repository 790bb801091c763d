package query

import (
	"cmp"
	"slices"

	"github.com/weirstream/weir"
	"github.com/weirstream/weir/bench/nexmark/site"
)

// Ranked is a row of Q19. It replaces the earlier ones of its auction and rank.
type Ranked struct {
	site.Bid
	Rank int64 // from 1
	At   weir.Time
}

// topRanks is how many bids Q19 finds for an auction.
const topRanks = 10

// Q19 finds the ten highest bids for each auction. A bid that comes among them has a row for
// its rank, and for each bid that loses one.
func Q19(events weir.Stream[site.Event]) weir.Stream[Ranked] {
	made := bids(events, func(b site.Bid) (site.Bid, bool) { return b, true })
	byAuction := weir.KeyBy(made, func(b site.Bid) int64 { return b.Auction })
	return weir.Process(byAuction, "top ten", func(c *weir.KeyContext[int64], out *weir.Out[Ranked]) func(site.Bid) error {
		state := weir.NewValue[[]site.Bid](c, "top")
		return func(b site.Bid) error {
			top, _ := state.Get()
			if len(top) == topRanks && !higher(&b, &top[topRanks-1]) {
				return nil
			}
			at, _ := slices.BinarySearchFunc(top, b, func(in, b site.Bid) int {
				if higher(&b, &in) {
					return 1
				}
				return -1 // after those that are equal
			})
			if len(top) == topRanks {
				top = top[:topRanks-1]
			}
			top = slices.Insert(top, at, b)
			for i := at; i < len(top); i++ {
				out.Emit(Ranked{top[i], int64(i + 1), b.DateTime})
			}
			state.Set(top)
			return nil
		}
	})
}

// higher reports whether a comes before b: its price is higher, or it is earlier.
func higher(a, b *site.Bid) bool {
	return cmp.Or(cmp.Compare(b.Price, a.Price), cmp.Compare(a.DateTime, b.DateTime)) < 0
}
