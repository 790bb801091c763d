package site

import (
	"iter"

	"github.com/weirstream/weir"
)

// The published settings.
const (
	// Of each 50 events the first is a person, the next three are auctions, the others bids.
	persons  = 1
	auctions = 3
	group    = 50

	firstPerson   = 1000
	firstAuction  = 1000
	firstCategory = 10
	categories    = 5

	activePeople     = 1000 // the people who bid and sell are the last ones
	inFlightAuctions = 100  // the auctions that are bid for are the last ones
	lead             = 10   // ids of people and auctions that do not exist yet are used so early

	// One of so many choices is not a hot one.
	hotAuctionRatio = 2
	hotSellerRatio  = 4
	hotBidderRatio  = 4
	hotChannelRatio = 2
	// One of so many people or auctions is hot, for as long as it takes to make as many.
	hotOneOf = 100

	personBytes  = 200 // the average size of a person
	auctionBytes = 500
	bidBytes     = 100

	// PerMilli is how many events there are in a millisecond of event time: 10,000 in a
	// second.
	PerMilli = 10
	// BaseTime is when the first event happens: 2015-07-15, midnight UTC.
	BaseTime weir.Time = 1_436_918_400_000
)

// At returns when event n happens.
func At(n int64) weir.Time { return BaseTime + weir.Time(n/PerMilli) }

// All returns the first n events, one after the other in one place.
func All(n int64) iter.Seq[*Event] {
	return func(yield func(*Event) bool) {
		var e Event
		for i := range n {
			if Fill(&e, i); !yield(&e) {
				return
			}
		}
	}
}

// Make returns event n.
func Make(n int64) (e Event) {
	Fill(&e, n)
	return e
}

// Fill makes event n in place, and returns when it happens. What is there must be an event
// too, or zero.
func Fill(e *Event, n int64) (at weir.Time) {
	d := diceOf(n)
	kind := KindBid
	switch place := n % group; {
	case place < persons:
		kind = KindPerson
	case place < persons+auctions:
		kind = KindAuction
	}
	if e.Kind != kind {
		if e.Kind != 0 {
			*e = Event{}
		}
		e.Kind = kind
	}
	at = At(n)
	switch kind {
	case KindBid:
		fillBid(&e.Bid, n, at, &d)
	case KindAuction:
		fillAuction(&e.Auction, n, at, &d)
	default:
		fillPerson(&e.Person, n, at, &d)
	}
	return at
}

func fillPerson(p *Person, n int64, at weir.Time, d *dice) {
	a, b, c := d.roll(), d.roll(), d.roll()
	p.ID = firstPerson + lastPerson(n)
	p.Name = names[pick(a, int64(len(names)))]
	p.Email = emails[a>>32%rows]
	p.CreditCard = creditCards[a>>48%rows]
	p.City = cities[pick(b, int64(len(cities)))]
	p.State = states[pick(b>>32, int64(len(states)))]
	p.DateTime = at
	p.Extra = extra(c, 8+length(p.Name, p.Email, p.CreditCard, p.City, p.State), personBytes)
}

func fillAuction(a *Auction, n int64, at weir.Time, d *dice) {
	r, s, t, u := d.roll(), d.roll(), d.roll(), d.roll()
	a.ID = firstAuction + lastAuction(n)
	a.ItemName = itemNames[r%rows]
	a.Description = descriptions[r>>16%rows]
	a.InitialBid = price(r >> 32)
	a.Reserve = a.InitialBid + price(s)
	a.DateTime = at
	// The average auction lasts until as many others have been opened as are in flight.
	horizon := int64(At(n+inFlightAuctions*group/auctions) - at)
	a.Expires = at + weir.Time(1+pick(t, max(2*horizon, 1)))
	if part(s>>32, hotSellerRatio) > 0 {
		a.Seller = firstPerson + lastPerson(n)/hotOneOf*hotOneOf
	} else {
		a.Seller = firstPerson + somePerson(n, t>>32)
	}
	a.Category = firstCategory + part(s>>48, categories)
	a.Extra = extra(u, 8+length(a.ItemName, a.Description)+5*8, auctionBytes)
}

func fillBid(b *Bid, n int64, at weir.Time, d *dice) {
	r, s, t := d.roll(), d.roll(), d.roll()
	if part(r, hotAuctionRatio) > 0 {
		b.Auction = firstAuction + lastAuction(n)/hotOneOf*hotOneOf
	} else {
		b.Auction = firstAuction + someAuction(n, s)
	}
	if part(r>>16, hotBidderRatio) > 0 {
		// The second of so many: hot bidders are not hot sellers.
		b.Bidder = firstPerson + lastPerson(n)/hotOneOf*hotOneOf + 1
	} else {
		b.Bidder = firstPerson + somePerson(n, s>>32)
	}
	b.Price = price(r >> 32)
	via := &hotChannels[t>>16%uint64(len(hotChannels))]
	if part(t, hotChannelRatio) == 0 {
		via = &otherChannels[pick(t>>16, channels)]
	}
	b.Channel, b.URL = via.name, via.url
	b.DateTime = at
	b.Extra = extra(t>>32, 4*8, bidBytes)
}

// lastPerson returns the number of the last person before event n, or in it.
func lastPerson(n int64) int64 { return n/group*persons + min(n%group, persons-1) }

// lastAuction returns the number of the last auction before event n, or in it; -1 if there
// is none.
func lastAuction(n int64) int64 {
	return n/group*auctions + min(n%group-persons, auctions-1)
}

// somePerson returns one of the people who are active at event n, or soon will be.
func somePerson(n int64, r uint64) int64 {
	people := lastPerson(n) + 1
	active := min(people, activePeople)
	return people - active + pick(r, active+lead)
}

// someAuction returns one of the auctions that are in flight at event n, or soon will be.
func someAuction(n int64, r uint64) int64 {
	last := lastAuction(n)
	first := max(last-inFlightAuctions, 0)
	return first + pick(r, last-first+1+lead)
}

// part makes a number from 0 to n-1 of 16 random bits.
func part(r uint64, n int64) int64 { return int64(r&0xffff) * n >> 16 }

func length(texts ...string) (n int64) {
	for _, t := range texts {
		n += int64(len(t))
	}
	return n
}
