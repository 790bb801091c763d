package site

import "github.com/weirstream/weir"

// Kind says what an event is. 0 is none.
type Kind uint8

// The kinds of events.
const (
	KindPerson Kind = iota + 1
	KindAuction
	KindBid
)

// An Event is something that has happened on the site. Kind says which of the others it is
// about; these are zero where it is about another one.
type Event struct {
	Kind    Kind
	Bid     Bid
	Auction Auction
	Person  Person
}

// Time returns when the event has happened.
func (e *Event) Time() weir.Time {
	switch e.Kind {
	case KindPerson:
		return e.Person.DateTime
	case KindAuction:
		return e.Auction.DateTime
	default:
		return e.Bid.DateTime
	}
}

// A Person has registered: as a seller, a bidder or both.
type Person struct {
	ID         int64
	Name       string
	Email      string
	CreditCard string
	City       string
	State      string
	DateTime   weir.Time
	Extra      string
}

// An Auction has been opened.
type Auction struct {
	ID          int64
	ItemName    string
	Description string
	InitialBid  int64 // in cents, as all prices
	Reserve     int64
	DateTime    weir.Time
	Expires     weir.Time
	Seller      int64
	Category    int64
	Extra       string
}

// A Bid has been made.
type Bid struct {
	Auction  int64
	Bidder   int64
	Price    int64
	Channel  string
	URL      string
	DateTime weir.Time
	Extra    string
}
