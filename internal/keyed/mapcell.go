package keyed

import (
	"hash/maphash"
	"iter"
	"reflect"
	"slices"

	"github.com/weirstream/weir/flink"
	"github.com/weirstream/weir/internal/codec"
)

// A MapCell is what a handle sees of a map state: the map of the current key.
type MapCell[UK comparable, UV any] interface {
	// Get returns what the map holds under a key.
	Get(UK) (UV, bool)
	// Ref returns where that is, and whether it was there; if not it is the zero value now.
	// The pointer is good until the state is used again.
	Ref(UK) (v *UV, existed bool)
	// Put sets what the map holds under a key.
	Put(UK, UV)
	// Remove removes a key, and the map with its last one: Flink has no empty maps.
	Remove(UK)
	// Len is the number of keys.
	Len() int
	// All returns the entries. The map may be changed while they are read: the sequence has
	// each entry that is there all the time exactly once, and at most once one that is
	// removed; not those that are removed before the sequence comes to them, nor those that
	// are put meanwhile.
	All() iter.Seq2[UK, UV]
	// Clear removes the map.
	Clear()
}

// NewMap declares a state of one map per key.
func NewMap[K, UK comparable, UV any](b *Backend[K], name string, key codec.Codec[UK], value codec.Codec[UV]) (MapCell[UK, UV], error) {
	s, err := NewMaps(b, name, Voids, key, value)
	return s.In(Void{}), err
}

// NewMaps declares a state of one map per key and namespace.
func NewMaps[K, N, UK comparable, UV any](b *Backend[K], name string, spaces codec.Codec[N], key codec.Codec[UK], value codec.Codec[UV]) (*Maps[N, UK, UV], error) {
	s, _, err := newMaps(b, name, spaces, key, value)
	return s, err
}

// newMaps declares one, and returns how its pairs are visited.
func newMaps[K, N, UK comparable, UV any](b *Backend[K], name string, spaces codec.Codec[N], key codec.Codec[UK], value codec.Codec[UV]) (*Maps[N, UK, UV], visitPair[UK, UV], error) {
	meta := flink.MapStateMeta(name, key.Serializer(), value.Serializer())
	if !refersToMore(reflect.TypeFor[UV]()) {
		cell, in, err := newPlainMap(b, meta, spaces, key, value, func(c codec.Codec[UV], _ *freezer) element[UV] { return plain[UV]{c} })
		return &Maps[N, UK, UV]{cell, in}, visitPairs(b, cell, func(v *UV) *UV { return v }), err
	}
	cell, in, err := newPlainMap(b, meta, spaces, key, value, func(c codec.Codec[UV], f *freezer) element[*box[UV]] { return boxes[UV]{c, f} })
	boxed := &boxMap[UK, UV]{*cell, value}
	return &Maps[N, UK, UV]{boxed, in}, visitPairs(b, &boxed.plainMap, func(v **box[UV]) *UV { return &(*v).value }), err
}

// Maps is a state of one map per key and namespace, as a handle sees it.
type Maps[N, UK comparable, UV any] struct {
	cell MapCell[UK, UV]
	in   func(N)
}

// In returns the state in a namespace. What it returned for another is of no more use.
func (s *Maps[N, UK, UV]) In(space N) MapCell[UK, UV] {
	s.in(space)
	return s.cell
}

// A plainMap is the maps of a table of values that are copied by assignment.
type plainMap[UK comparable, UV any] struct {
	slot   *Slot[*mapNode[UK, UV]]
	keeper *keeper[pair[UK, UV]]
	hash   func(UK) uint32
	walks  []*walk[UK, UV] // that have begun and not ended
	visit  visit[*mapNode[UK, UV]]
}

// newPlainMap declares a state of maps of UV that are held as W, and returns it for W, and
// what makes a namespace the current one.
func newPlainMap[K, N, UK comparable, UV, W any](b *Backend[K], meta flink.StateMeta, spaces codec.Codec[N], key codec.Codec[UK], value codec.Codec[UV], held func(codec.Codec[UV], *freezer) element[W]) (*plainMap[UK, W], func(N), error) {
	seed := maphash.MakeSeed() // another one in each process
	m := &plainMap[UK, W]{hash: func(k UK) uint32 { return uint32(maphash.Comparable(seed, k)) }}
	s, err := declare(b, meta, spaces, func(f *freezer) form[*mapNode[UK, W]] {
		m.keeper = newKeeper[pair[UK, W]](f)
		return mapForm[UK, UV, W]{key, value, func(c codec.Codec[UV]) element[W] { return held(c, f) }, m.keeper, m.hash}
	})
	m.slot, m.visit, s.afterFreeze = &s.table.Slot, s.visit, m.keeper.afterFreeze
	return m, s.table.in, err
}

// A walk is an iteration over a map, from its last pair to its first.
type walk[UK comparable, UV any] struct {
	node *mapNode[UK, UV]
	left int // it has still to come to the pairs below
}

func (s *plainMap[UK, UV]) Get(k UK) (v UV, ok bool) {
	if node, ok := s.slot.Get(); ok {
		if i := node.find(k, s.hash); i != none {
			return node.at(i).value, true
		}
	}
	return v, false
}

func (s *plainMap[UK, UV]) Ref(k UK) (v *UV, existed bool) {
	node := s.writable()
	i := node.find(k, s.hash)
	if existed = i != none; !existed {
		i = node.len()
		node.add(s.keeper, pair[UK, UV]{key: k}, s.hash)
	}
	return &node.writable(s.keeper, i).value, existed
}

func (s *plainMap[UK, UV]) Put(k UK, v UV) {
	ref, _ := s.Ref(k)
	*ref = v
}

func (s *plainMap[UK, UV]) Remove(k UK) {
	node, ok := s.slot.Get()
	if !ok {
		return
	}
	i := node.find(k, s.hash)
	switch {
	case i == none:
	case node.len() == 1:
		s.Clear()
	default:
		node = s.writable()
		node.remove(s.keeper, i, s.hash, s.walksOver(node))
	}
}

func (s *plainMap[UK, UV]) Len() int {
	if node, ok := s.slot.Get(); ok {
		return node.len()
	}
	return 0
}

func (s *plainMap[UK, UV]) All() iter.Seq2[UK, UV] {
	return func(yield func(UK, UV) bool) {
		node, ok := s.slot.Get()
		if !ok {
			return
		}
		w := s.begin(node)
		defer s.end(w)
		for w.left > 0 {
			w.left--
			if p := w.node.at(w.left); !yield(p.key, p.value) {
				return
			}
		}
	}
}

// begin begins a walk.
func (s *plainMap[UK, UV]) begin(node *mapNode[UK, UV]) *walk[UK, UV] {
	w := &walk[UK, UV]{node, node.len()}
	s.walks = append(s.walks, w)
	return w
}

func (s *plainMap[UK, UV]) end(w *walk[UK, UV]) {
	s.walks = slices.DeleteFunc(s.walks, func(other *walk[UK, UV]) bool { return other == w })
}

func (s *plainMap[UK, UV]) Clear() {
	node, ok := s.slot.Get()
	if !ok {
		return
	}
	for _, w := range s.walksOver(node) {
		w.left = 0
	}
	s.slot.Clear()
}

// walksOver returns the walks over a map.
func (s *plainMap[UK, UV]) walksOver(node *mapNode[UK, UV]) (walks []*walk[UK, UV]) {
	for _, w := range s.walks {
		if w.node == node {
			walks = append(walks, w)
		}
	}
	return walks
}

// writable returns the current key's map for changing: a new one if there is none, a copy
// if a snapshot sees the one there is.
func (s *plainMap[UK, UV]) writable() *mapNode[UK, UV] {
	node, ok := s.slot.Get()
	switch {
	case !ok:
		node = &mapNode[UK, UV]{epoch: s.keeper.freezer.epoch}
		s.slot.Set(node)
	case s.keeper.freezer.sees(node.epoch, whole):
		c := node.copied(s.keeper)
		for _, w := range s.walksOver(node) {
			w.node = c
		}
		s.slot.Set(c)
		node = c
	}
	return node
}

// A boxMap is the maps of a table of values in boxes.
type boxMap[UK comparable, UV any] struct {
	plainMap[UK, *box[UV]]
	codec codec.Codec[UV]
}

func (s *boxMap[UK, UV]) Get(k UK) (v UV, ok bool) {
	if b, ok := s.plainMap.Get(k); ok {
		return *b.open(s.keeper.freezer, s.codec), true
	}
	return v, false
}

func (s *boxMap[UK, UV]) Ref(k UK) (v *UV, existed bool) {
	b, existed := s.plainMap.Get(k)
	if !existed {
		var zero UV
		b = newBox(s.keeper.freezer, zero)
		s.plainMap.Put(k, b)
	}
	return b.open(s.keeper.freezer, s.codec), existed
}

func (s *boxMap[UK, UV]) Put(k UK, v UV) {
	ref, _ := s.Ref(k)
	*ref = v
}

func (s *boxMap[UK, UV]) All() iter.Seq2[UK, UV] {
	return func(yield func(UK, UV) bool) {
		for k, b := range s.plainMap.All() {
			if !yield(k, *b.open(s.keeper.freezer, s.codec)) {
				return
			}
		}
	}
}
