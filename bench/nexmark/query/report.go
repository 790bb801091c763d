package query

import "github.com/weirstream/weir"

// Figures are what Q15 and Q16 count, in all and for three ranks of prices.
type Figures struct{ All, Rank1, Rank2, Rank3 int64 }

// rankOf returns the rank of a price: 1, 2 or 3.
func rankOf(price int64) int {
	switch {
	case price < 10_000:
		return 1
	case price < 1_000_000:
		return 2
	}
	return 3
}

func (f *Figures) add(rank int) {
	f.All++
	f.addRank(rank)
}

func (f *Figures) addRank(rank int) {
	switch rank {
	case 1:
		f.Rank1++
	case 2:
		f.Rank2++
	default:
		f.Rank3++
	}
}

// Report are the figures of Q15 and Q16: bids, and distinct bidders and auctions.
type Report struct{ Bids, Bidders, Auctions Figures }

// judged is what they need of a bid.
type judged struct {
	Channel                string
	Auction, Bidder, Price int64
	At                     weir.Time
}

// A seen is a set of ids, and the ranks that each was seen with: bit 0 is rank 1.
type seen = weir.MapState[int64, int8]

// report takes a bid in.
func (r *Report) report(j judged, bidders, auctions seen) {
	rank := rankOf(j.Price)
	r.Bids.add(rank)
	r.Bidders.distinct(bidders, j.Bidder, rank)
	r.Auctions.distinct(auctions, j.Auction, rank)
}

// distinct counts an id that was not seen, or not with that rank.
func (f *Figures) distinct(ids seen, id int64, rank int) {
	ranks, ok := ids.Get(id)
	if !ok {
		f.All++
	}
	if bit := int8(1) << (rank - 1); ranks&bit == 0 {
		f.addRank(rank)
		ids.Put(id, ranks|bit)
	}
}

// dayOf returns the day of a time, counted from 1970 in UTC.
func dayOf(at weir.Time) int64 { return int64(at) / 86_400_000 }
