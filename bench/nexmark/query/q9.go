package query

import (
	"github.com/weirstream/weir"
	"github.com/weirstream/weir/bench/nexmark/site"
)

// Winner is a row of Q9: an auction and the bid that has won it.
type Winner struct {
	ID                    int64
	ItemName, Description string
	InitialBid, Reserve   int64
	DateTime, Expires     weir.Time
	Seller, Category      int64
	Extra                 string
	Bidder, Price         int64
	BidDateTime           weir.Time
	BidExtra              string
}

// item is what Q9 needs of an auction, beside its id and times.
type item struct {
	ItemName, Description string
	InitialBid, Reserve   int64
	Seller, Category      int64
	Extra                 string
}

// bidder is what Q9 needs of a bid, beside its price and time.
type bidder struct {
	Bidder int64
	Extra  string
}

// Q9 finds the winning bid of each auction.
func Q9(events weir.Stream[site.Event]) weir.Stream[Winner] {
	opened := auctions(events, func(a site.Auction) (opened[item], bool) {
		return opened[item]{a.ID, a.DateTime, a.Expires,
			item{a.ItemName, a.Description, a.InitialBid, a.Reserve, a.Seller, a.Category, a.Extra}}, true
	})
	offered := bids(events, func(b site.Bid) (offered[bidder], bool) {
		return offered[bidder]{b.Auction, b.Price, b.DateTime, bidder{b.Bidder, b.Extra}}, true
	})
	return weir.Map(winning(opened, offered, "winning bids"), func(w won[item, bidder]) (Winner, error) {
		a, b := &w.Auction, &w.Bid
		return Winner{
			a.ID, a.Row.ItemName, a.Row.Description, a.Row.InitialBid, a.Row.Reserve, a.At, a.Closes,
			a.Row.Seller, a.Row.Category, a.Row.Extra, b.Row.Bidder, b.Price, b.At, b.Row.Extra,
		}, nil
	})
}
