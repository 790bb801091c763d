package query

import "github.com/weirstream/weir"

// An opened auction, with what a query needs of it.
type opened[A any] struct {
	ID         int64
	At, Closes weir.Time
	Row        A
}

// An offer for an auction, with what a query needs of it.
type offered[B any] struct {
	Auction, Price int64
	At             weir.Time
	Row            B
}

// A won auction has closed with a winning bid.
type won[A, B any] struct {
	Auction opened[A]
	Bid     offered[B]
}

// running is the state of an auction: its best bid so far, if it has any.
type running[A, B any] struct {
	Auction opened[A]
	Best    offered[B]
	Any     bool
}

// winning joins auctions with their bids, made while they were open, and emits each auction
// with its winning bid when it has closed: the highest one and, of several, the earliest.
//
// A bid may come before its auction, because they come from different splits. It waits until
// event time says that no auction can come that was open when the bid was made.
func winning[A, B any](auctions weir.Stream[opened[A]], bids weir.Stream[offered[B]], name string) weir.Stream[won[A, B]] {
	byID := weir.KeyBy(auctions, func(a opened[A]) int64 { return a.ID })
	byAuction := weir.KeyBy(bids, func(b offered[B]) int64 { return b.Auction })
	return weir.CoProcess(byID, byAuction, name, func(c *weir.KeyContext[int64], out *weir.Out[won[A, B]]) (func(opened[A]) error, func(offered[B]) error) {
		auction := weir.NewValue[running[A, B]](c, "auction")
		early := weir.NewList[offered[B]](c, "early bids")
		forget := c.EventTimer("forget early bids", func(weir.Time) error {
			early.Clear()
			return nil
		})
		closes := c.EventTimers("closes", func(weir.Time) error {
			if r, ok := auction.Get(); ok && r.Any {
				out.Emit(won[A, B]{r.Auction, r.Best})
			}
			auction.Clear()
			return nil
		})
		return func(a opened[A]) error {
				if early.Len() == 0 {
					auction.Set(running[A, B]{Auction: a})
				} else {
					r := running[A, B]{Auction: a}
					for b := range early.All() {
						r.offer(b)
					}
					auction.Set(r)
					early.Clear()
					forget.Clear()
				}
				closes.Register(a.Closes)
				return nil
			}, func(b offered[B]) error {
				if r, ok := auction.Get(); ok {
					if r.offer(b) {
						auction.Set(r)
					}
				} else if b.At > c.Watermark() {
					early.Add(b)
					if at, ok := forget.Get(); !ok || at < b.At {
						forget.Set(b.At)
					}
				}
				return nil
			}
	})
}

// offer takes a bid in, and reports whether it is the best one now.
func (r *running[A, B]) offer(b offered[B]) bool {
	if b.At < r.Auction.At || b.At > r.Auction.Closes {
		return false
	}
	if r.Any && (b.Price < r.Best.Price || b.Price == r.Best.Price && b.At >= r.Best.At) {
		return false
	}
	r.Best, r.Any = b, true
	return true
}
