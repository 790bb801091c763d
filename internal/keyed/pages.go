package keyed

// A page holds so many entries. Small pages make the first write after a snapshot cheap
// and waste little where there are few entries.
const (
	pageBits = 5
	pageSize = 1 << pageBits
	pageMask = pageSize - 1
)

type page[E any] [pageSize]E

// A stamped page is a page and the epoch in which it was made.
type stamped[E any] struct {
	*page[E]
	epoch uint32
}

// pages is entries, numbered from 0 and dense, in pages that are shared with snapshots: a
// snapshot takes the list of pages as it is, and a page that a snapshot sees is copied
// before it is written. Entry i is in page i/pageSize at i%pageSize.
type pages[E any] struct {
	list []stamped[E]
	n    int
	made uint32 // the epoch of the list itself
}

func (p *pages[E]) at(i int) *E { return &p.list[i>>pageBits].page[i&pageMask] }

// writable returns the place of entry i for writing. Its page is written at place at, and
// the last one of the list at place end.
func (p *pages[E]) writable(f *freezer, i int, at, end place) *E {
	s := &p.list[i>>pageBits]
	if f.sees(s.epoch, at) {
		p.ownList(f, end)
		s = &p.list[i>>pageBits]
		c := *s.page
		*s = stamped[E]{&c, f.epoch}
	}
	return &s.page[i&pageMask]
}

// push adds an entry at the end and returns its place.
func (p *pages[E]) push(f *freezer, at, end place) *E {
	i := p.n
	if i&pageMask == 0 {
		p.ownList(f, end)
		p.list = append(p.list, stamped[E]{new(page[E]), f.epoch})
	}
	p.n++
	return p.writable(f, i, at, end)
}

// pop removes the last entry.
func (p *pages[E]) pop(f *freezer, at, end place) {
	p.n--
	if p.n&pageMask != 0 {
		*p.writable(f, p.n, at, end) = *new(E)
		return
	}
	p.ownList(f, end)
	last := len(p.list) - 1
	p.list[last] = stamped[E]{}
	p.list = p.list[:last]
}

// ownList makes the list of pages writable: a copy, if a snapshot sees the one there is.
func (p *pages[E]) ownList(f *freezer, end place) {
	if f.sees(p.made, end) {
		p.list = append(make([]stamped[E], 0, len(p.list)+len(p.list)/8+1), p.list...)
	}
	p.made = f.epoch
}
