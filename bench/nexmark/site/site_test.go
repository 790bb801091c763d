package site

import (
	"context"
	"fmt"
	"io"
	"math"
	"slices"
	"testing"

	"github.com/weirstream/weir"
)

// first is how many events the tests look at.
const first = 200_000

// The rules, as published: how many of what, which ids, how often hot ones, how large.
func TestTheRules(t *testing.T) {
	var count [4]int64
	var hotAuctions, hotBidders, hotSellers, hotChannel, withID int64
	var sizes [4]int64
	var prices [6]int64 // by power of ten
	for n := range int64(first) {
		e := Make(n)
		if want := (Event{Kind: e.Kind, Bid: e.Bid, Auction: e.Auction, Person: e.Person}); e != want || e.Time() != BaseTime+weir.Time(n/10) {
			t.Fatalf("event %d: %+v", n, e)
		}
		count[e.Kind]++
		switch e.Kind {
		case KindPerson:
			p := e.Person
			if p.ID != 1000+count[KindPerson]-1 {
				t.Fatalf("person %d has the id %d", count[KindPerson]-1, p.ID)
			}
			sizes[e.Kind] += 8 + length(p.Name, p.Email, p.CreditCard, p.City, p.State, p.Extra)
		case KindAuction:
			a := e.Auction
			if a.ID != 1000+count[KindAuction]-1 || a.Category < 10 || a.Category > 14 || a.Reserve <= a.InitialBid {
				t.Fatalf("auction %d: %+v", count[KindAuction]-1, a)
			}
			// 100 auctions are 1,666 events.
			if d := a.Expires - a.DateTime; d < 1 || d > 2*167 {
				t.Fatalf("an auction is open for %d ms", d)
			}
			if a.Seller%100 == 0 && a.Seller <= 1000+count[KindPerson]-1 && a.Seller > 1000+count[KindPerson]-1-100 {
				hotSellers++
			}
			if a.Seller < 1000+count[KindPerson]-1000 || a.Seller >= 1000+count[KindPerson]+10 {
				t.Fatalf("event %d: seller %d, of %d people", n, a.Seller, count[KindPerson])
			}
			sizes[e.Kind] += 6*8 + length(a.ItemName, a.Description, a.Extra)
		case KindBid:
			b := e.Bid
			if b.Auction == 1000+(count[KindAuction]-1)/100*100 {
				hotAuctions++
			} else if b.Auction < 1000+count[KindAuction]-1-100 || b.Auction >= 1000+count[KindAuction]+10 {
				t.Fatalf("event %d: a bid for auction %d, of %d", n, b.Auction, count[KindAuction])
			}
			if b.Bidder == 1000+(count[KindPerson]-1)/100*100+1 {
				hotBidders++
			}
			if slices.Contains([]string{"Google", "Facebook", "Baidu", "Apple"}, b.Channel) {
				hotChannel++
			} else if len(b.URL) > 60 {
				withID++
			}
			if b.Price < 100 || b.Price > 100_000_000 {
				t.Fatalf("event %d: the price is %d", n, b.Price)
			}
			prices[min(5, int(math.Log10(float64(b.Price)/100)))]++
			sizes[e.Kind] += 4*8 + int64(len(b.Extra))
		}
	}
	if count != [4]int64{0, first / 50, 3 * first / 50, 46 * first / 50} {
		t.Errorf("%v people, auctions and bids", count)
	}
	near := func(what string, got, of int64, want float64) {
		if share := float64(got) / float64(of); math.Abs(share-want) > 0.02*max(1, want) {
			t.Errorf("%s: %.3f, want %.3f", what, share, want)
		}
	}
	near("hot auctions", hotAuctions, count[KindBid], 0.5)
	near("hot bidders", hotBidders, count[KindBid], 0.75)
	near("hot sellers", hotSellers, count[KindAuction], 0.75)
	near("hot channels", hotChannel, count[KindBid], 0.5)
	near("URLs with an id", withID, count[KindBid]-hotChannel, 0.9)
	near("size of a person", sizes[KindPerson], count[KindPerson], 200)
	near("size of an auction", sizes[KindAuction], count[KindAuction], 500)
	near("size of a bid", sizes[KindBid], count[KindBid], 100)
	for i, n := range prices {
		near(fmt.Sprintf("prices of 10^%d", i), n, count[KindBid], 1./6)
	}
}

// The checksum of the first events, which a generator in another language has too.
func TestChecksum(t *testing.T) {
	const want = 0xe3314ba3a2865821
	if got := Checksum(10_000); got != want {
		t.Errorf("%#x, want %#x: the events have changed, and so must those of the program for Flink", got, uint64(want))
	}
}

// Any number of splits have the same events, in batches of any size, also from a position on.
func TestSplits(t *testing.T) {
	const n = 3_333
	var want []Event
	for i := range int64(n) {
		want = append(want, Make(i))
	}
	for _, k := range []int{1, 2, 3, 7} {
		var got []Event
		src := Source(n, k, nil)
		ids, err := src.Splits(t.Context())
		if err != nil || len(ids) != k {
			t.Fatal(ids, err)
		}
		for _, id := range ids {
			var at []byte
			for batch := 1; ; batch = batch%97 + 1 {
				// Each batch is read by a reader of its own, which begins at the position.
				r, err := src.Open(t.Context(), weir.Split{ID: id, Position: at})
				if err != nil {
					t.Fatal(err)
				}
				events, times := make([]Event, batch), make([]weir.Time, batch)
				n, err := r.(weir.TimedReader[Event]).ReadTimed(t.Context(), events, times)
				for i := range n {
					if times[i] != events[i].Time() {
						t.Fatalf("an event of %d has the timestamp %d", events[i].Time(), times[i])
					}
				}
				got = append(got, events[:n]...)
				if err == io.EOF {
					break
				}
				at = r.Position()
			}
		}
		slices.SortStableFunc(got, func(a, b Event) int { return int(a.Time() - b.Time()) })
		if !slices.Equal(got, want) {
			t.Errorf("%d splits have other events", k)
		}
	}
}

func TestPositionsOfOtherSplits(t *testing.T) {
	r, err := Source(1000, 2, nil).Open(t.Context(), weir.Split{ID: "1"})
	if err != nil {
		t.Fatal(err)
	}
	for _, bad := range []weir.Split{{ID: "0", Position: r.Position()}, {ID: "2"}, {ID: "x"}, {ID: "1", Position: []byte{}}, {ID: "1", Position: []byte{0x80}}} {
		if _, err := Source(1000, 2, nil).Open(context.Background(), bad); err == nil {
			t.Errorf("%+v was opened", bad)
		}
	}
	if _, err := Source(1000, 3, nil).Open(t.Context(), weir.Split{ID: "1", Position: r.Position()}); err == nil {
		t.Error("a position of 2 splits was taken for one of 3")
	}
}

func TestNothingIsAllocated(t *testing.T) {
	var e Event
	n := int64(0)
	if got := testing.AllocsPerRun(10_000, func() { Fill(&e, n); n++ }); got != 0 {
		t.Errorf("%v allocations for an event", got)
	}
}

func BenchmarkFill(b *testing.B) {
	events := make([]Event, 512)
	b.ReportAllocs()
	n := int64(0)
	for b.Loop() {
		Fill(&events[n%512], n)
		n++
	}
}
