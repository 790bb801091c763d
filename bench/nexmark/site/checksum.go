package site

// Checksum returns a checksum of the events up to number n, all their fields included.
func Checksum(n int64) uint64 {
	h := sum(0)
	for e := range All(n) {
		h.event(e)
	}
	return uint64(h)
}

// A sum is a checksum of numbers and strings.
type sum uint64

func (h *sum) number(n int64) { *h = sum(mix(uint64(*h)*31 + uint64(n))) }

func (h *sum) text(s string) {
	k := uint64(len(s))
	for i := range len(s) {
		k = k*31 + uint64(s[i])
	}
	h.number(int64(k))
}

func (h *sum) event(e *Event) {
	h.number(int64(e.Kind))
	switch e.Kind {
	case KindPerson:
		p := &e.Person
		h.number(p.ID)
		for _, s := range [...]string{p.Name, p.Email, p.CreditCard, p.City, p.State, p.Extra} {
			h.text(s)
		}
		h.number(int64(p.DateTime))
	case KindAuction:
		a := &e.Auction
		for _, n := range [...]int64{a.ID, a.InitialBid, a.Reserve, int64(a.DateTime), int64(a.Expires), a.Seller, a.Category} {
			h.number(n)
		}
		for _, s := range [...]string{a.ItemName, a.Description, a.Extra} {
			h.text(s)
		}
	default:
		b := &e.Bid
		for _, n := range [...]int64{b.Auction, b.Bidder, b.Price, int64(b.DateTime)} {
			h.number(n)
		}
		for _, s := range [...]string{b.Channel, b.URL, b.Extra} {
			h.text(s)
		}
	}
}
