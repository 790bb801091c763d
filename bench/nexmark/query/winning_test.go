package query

import "github.com/weirstream/weir/bench/nexmark/site"

// A batchWon is an auction with its winning bid.
type batchWon struct {
	auction site.Auction
	bid     site.Bid
}

// batchWinning finds the winning bids of the first n events, by the id of the auction.
func batchWinning(n int64) map[int64]*batchWon {
	all := make(map[int64]*batchWon)
	for e := range site.All(n) {
		if e.Kind == site.KindAuction {
			all[e.Auction.ID] = &batchWon{auction: e.Auction}
		}
	}
	for e := range site.All(n) {
		w := all[e.Bid.Auction]
		if e.Kind != site.KindBid || w == nil || e.Bid.DateTime < w.auction.DateTime || e.Bid.DateTime > w.auction.Expires {
			continue
		}
		if e.Bid.Price > w.bid.Price { // of equal ones the first stays
			w.bid = e.Bid
		}
	}
	for id, w := range all {
		if w.bid.Price == 0 {
			delete(all, id)
		}
	}
	return all
}
