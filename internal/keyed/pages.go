package keyed

import "reflect"

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

// A keeper is what all pages of a state have in common. It knows what snapshots see, and
// has pages that no snapshot sees any more, to be used for the next copies: so a state that
// is small in the heap is not four times as much for the collector. Pages that refer to
// memory are left to the collector, as they would hold on to it.
type keeper[E any] struct {
	freezer *freezer
	reuse   bool
	stale   []*page[E] // that were replaced by copies since the last freeze
	free    []*page[E]
}

func newKeeper[E any](f *freezer) *keeper[E] {
	return &keeper[E]{freezer: f, reuse: !refers(reflect.TypeFor[E](), func(reflect.Type) bool { return true })}
}

// copied returns a copy of a page that a snapshot sees.
func (k *keeper[E]) copied(p *page[E]) *page[E] {
	if !k.reuse {
		c := *p
		return &c
	}
	k.stale = append(k.stale, p)
	last := len(k.free) - 1
	if last < 0 {
		c := *p
		return &c
	}
	c := k.free[last]
	k.free = k.free[:last]
	*c = *p
	return c
}

// afterFreeze is called after a freeze. What was replaced before it is free, if no snapshot of
// that time is alive; what was free and not used is let go.
func (k *keeper[E]) afterFreeze() {
	clear(k.free)
	k.free = k.free[:0]
	if k.freezer.alone.Load() == k.freezer.latest.epoch {
		k.free, k.stale = k.stale, k.free
		return
	}
	clear(k.stale)
	k.stale = k.stale[:0]
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
func (p *pages[E]) writable(k *keeper[E], i int, at, end place) *E {
	s := &p.list[i>>pageBits]
	if k.freezer.sees(s.epoch, at) {
		p.ownList(k, end)
		s = &p.list[i>>pageBits]
		*s = stamped[E]{k.copied(s.page), k.freezer.epoch}
	}
	return &s.page[i&pageMask]
}

// push adds an entry at the end and returns its place.
func (p *pages[E]) push(k *keeper[E], at, end place) *E {
	i := p.n
	if i&pageMask == 0 {
		p.ownList(k, end)
		p.list = append(p.list, stamped[E]{new(page[E]), k.freezer.epoch})
	}
	p.n++
	return p.writable(k, i, at, end)
}

// pop removes the last entry.
func (p *pages[E]) pop(k *keeper[E], at, end place) {
	p.n--
	if p.n&pageMask != 0 {
		*p.writable(k, p.n, at, end) = *new(E)
		return
	}
	p.ownList(k, end)
	last := len(p.list) - 1
	p.list[last] = stamped[E]{}
	p.list = p.list[:last]
}

// ownList makes the list of pages writable: a copy, if a snapshot sees the one there is.
func (p *pages[E]) ownList(k *keeper[E], end place) {
	if k.freezer.sees(p.made, end) {
		p.list = append(make([]stamped[E], 0, len(p.list)+len(p.list)/8+1), p.list...)
	}
	p.made = k.freezer.epoch
}
