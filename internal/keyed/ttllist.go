package keyed

import (
	"iter"
	"slices"

	"github.com/weirstream/weir/internal/codec"
)

// NewAgedList declares a state of one list per key, whose elements have a time to live each.
func NewAgedList[K comparable, E any](b *Backend[K], name string, element codec.Codec[E], ttl TTL) (ListCell[E], error) {
	lists, visit, err := newLists(b, name, Voids, codec.Codec[Aged[E]](aging[E]{element}))
	if err != nil {
		return nil, err
	}
	s := &agedList[E]{inner: lists.In(Void{}), ttl: ttl, visit: visit}
	b.sweepers = append(b.sweepers, s)
	return s, nil
}

// An agedList is lists of elements that have a time to live each. It looks at all elements
// to count them.
type agedList[E any] struct {
	inner ListCell[Aged[E]]
	ttl   TTL
	visit visit[Aged[E]]
}

func (s *agedList[E]) Add(e E) { s.inner.Add(Aged[E]{s.ttl.Now(), e}) }

func (s *agedList[E]) Len() (n int) {
	for range s.alive() {
		n++
	}
	return n
}

func (s *agedList[E]) alive() iter.Seq[Aged[E]] {
	return func(yield func(Aged[E]) bool) {
		for e := range s.inner.All() {
			if !s.ttl.expired(e.At) && !yield(e) {
				return
			}
		}
	}
}

func (s *agedList[E]) All() iter.Seq[E] {
	return func(yield func(E) bool) {
		if s.ttl.OnRead {
			s.renew()
		}
		for e := range s.alive() {
			if !yield(e.Value) {
				return
			}
		}
	}
}

// renew notes that the elements are used now.
func (s *agedList[E]) renew() {
	now, stale := s.ttl.Now(), false
	for e := range s.inner.All() {
		stale = stale || e.At < now
	}
	if !stale {
		return
	}
	list := slices.Collect(s.alive())
	for i := range list {
		list[i].At = s.ttl.used(list[i].At)
	}
	s.inner.Set(list)
}

func (s *agedList[E]) Set(elements []E) {
	list := make([]Aged[E], len(elements))
	for i, e := range elements {
		list[i] = Aged[E]{s.ttl.Now(), e}
	}
	s.inner.Set(list)
}

func (s *agedList[E]) Clear() { s.inner.Clear() }

// step is the sweeper's. Elements are added at the end, so the first is the oldest. A list is
// written anew when half of it is too old, so that it does not cost more than its growth.
func (s *agedList[E]) step() bool {
	if !s.visit(func(e *Aged[E]) bool { return s.ttl.expired(e.At) }) {
		return false
	}
	alive := 0
	for range s.alive() {
		alive++
	}
	if 2*alive > s.inner.Len() {
		return false
	}
	s.inner.Set(slices.Collect(s.alive()))
	return true
}
