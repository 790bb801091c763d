package query

import (
	"github.com/weirstream/weir"
	"github.com/weirstream/weir/bench/nexmark/site"
)

// Events are large: FlatMapTo would copy each of them once more than FlatMapWith does.

// bids makes a row of each bid that of accepts.
func bids[R any](events weir.Stream[site.Event], of func(site.Bid) (R, bool)) weir.Stream[R] {
	return weir.FlatMapWith(events, func(_ *weir.Context, out *weir.Out[R]) func(site.Event) error {
		return func(e site.Event) error {
			if e.Kind == site.KindBid {
				if r, ok := of(e.Bid); ok {
					out.Emit(r)
				}
			}
			return nil
		}
	})
}

// auctions makes a row of each auction that of accepts.
func auctions[R any](events weir.Stream[site.Event], of func(site.Auction) (R, bool)) weir.Stream[R] {
	return weir.FlatMapWith(events, func(_ *weir.Context, out *weir.Out[R]) func(site.Event) error {
		return func(e site.Event) error {
			if e.Kind == site.KindAuction {
				if r, ok := of(e.Auction); ok {
					out.Emit(r)
				}
			}
			return nil
		}
	})
}

// persons makes a row of each person that of accepts.
func persons[R any](events weir.Stream[site.Event], of func(site.Person) (R, bool)) weir.Stream[R] {
	return weir.FlatMapWith(events, func(_ *weir.Context, out *weir.Out[R]) func(site.Event) error {
		return func(e site.Event) error {
			if e.Kind == site.KindPerson {
				if r, ok := of(e.Person); ok {
					out.Emit(r)
				}
			}
			return nil
		}
	})
}
