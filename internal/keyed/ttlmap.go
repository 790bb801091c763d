package keyed

import (
	"iter"

	"github.com/weirstream/weir/checkpoint"
	"github.com/weirstream/weir/internal/codec"
)

// visitPair goes on to the next pair of the maps of a state. If wanted returns true for its
// value, it makes the map's key the current one, alone, and returns the pair's key.
type visitPair[UK comparable, UV any] func(wanted func(*UV) bool) (UK, bool)

// visitPairs returns how the pairs of the maps of a state without namespaces are visited,
// some at a time: a large map is not gone through at once.
func visitPairs[K, UK comparable, UV, W any](b *Backend[K], m *plainMap[UK, W], value func(*W) *UV) visitPair[UK, UV] {
	var w *walk[UK, W]
	var key K
	var group checkpoint.KeyGroup
	return func(wanted func(*UV) bool) (none UK, ok bool) {
		if w != nil && w.left == 0 {
			m.end(w)
			w = nil
		}
		if w == nil {
			if !m.visit(func(**mapNode[UK, W]) bool { return true }) {
				return none, false
			}
			key, group = b.Current.Key(), b.Current.groups[0]
			node, _ := m.slot.Get()
			w = m.begin(node)
		}
		w.left--
		p := w.node.at(w.left)
		if !wanted(value(&p.value)) {
			return none, false
		}
		b.Set(key, group)
		return p.key, true
	}
}

// NewAgedMap declares a state of one map per key, whose values have a time to live each.
func NewAgedMap[K, UK comparable, UV any](b *Backend[K], name string, key codec.Codec[UK], value codec.Codec[UV], ttl TTL) (MapCell[UK, UV], error) {
	maps, visit, err := newMaps(b, name, Voids, key, codec.Codec[Aged[UV]](aging[UV]{value}))
	if err != nil {
		return nil, err
	}
	s := &agedMap[UK, UV]{inner: maps.In(Void{}), ttl: ttl, visit: visit}
	b.sweepers = append(b.sweepers, s)
	return s, nil
}

// An agedMap is maps of values that have a time to live each. It looks at all of them to
// count them.
type agedMap[UK comparable, UV any] struct {
	inner MapCell[UK, Aged[UV]]
	ttl   TTL
	visit visitPair[UK, Aged[UV]]
}

func (s *agedMap[UK, UV]) Get(k UK) (v UV, ok bool) {
	aged, ok := s.inner.Get(k)
	switch {
	case !ok:
		return v, false
	case s.ttl.expired(aged.At):
		s.inner.Remove(k)
		return v, false
	case s.ttl.OnRead && s.ttl.used(aged.At) != aged.At:
		ref, _ := s.inner.Ref(k)
		ref.At = s.ttl.used(ref.At)
	}
	return aged.Value, true
}

func (s *agedMap[UK, UV]) Ref(k UK) (v *UV, existed bool) {
	aged, existed := s.inner.Ref(k)
	if existed && s.ttl.expired(aged.At) {
		*aged, existed = Aged[UV]{}, false
	}
	if !existed {
		aged.At = s.ttl.Now()
	}
	aged.At = s.ttl.used(aged.At)
	return &aged.Value, existed
}

func (s *agedMap[UK, UV]) Put(k UK, v UV) {
	ref, _ := s.Ref(k)
	*ref = v
}

func (s *agedMap[UK, UV]) Remove(k UK) { s.inner.Remove(k) }

func (s *agedMap[UK, UV]) Len() (n int) {
	for _, v := range s.inner.All() {
		if !s.ttl.expired(v.At) {
			n++
		}
	}
	return n
}

func (s *agedMap[UK, UV]) All() iter.Seq2[UK, UV] {
	return func(yield func(UK, UV) bool) {
		for k, v := range s.inner.All() {
			if s.ttl.expired(v.At) {
				continue
			}
			if s.ttl.OnRead && s.ttl.used(v.At) != v.At {
				ref, _ := s.inner.Ref(k)
				ref.At = s.ttl.used(v.At)
			}
			if !yield(k, v.Value) {
				return
			}
		}
	}
}

func (s *agedMap[UK, UV]) Clear() { s.inner.Clear() }

// step is the sweeper's.
func (s *agedMap[UK, UV]) step() bool {
	k, ok := s.visit(func(v *Aged[UV]) bool { return s.ttl.expired(v.At) })
	if ok {
		s.inner.Remove(k)
	}
	return ok
}
