package keyed

import (
	"iter"
	"maps"
	"reflect"

	"github.com/weirstream/weir/flink"
	"github.com/weirstream/weir/internal/codec"
)

// A MapCell is what a handle sees of a map state: the map of the current key.
type MapCell[UK comparable, UV any] interface {
	Get(UK) (UV, bool)
	Put(UK, UV)
	Remove(UK)
	Len() int
	All() iter.Seq2[UK, UV]
	Clear()
}

// Maps is a state of one map per key.
//
// A map is changed in place, so it has an epoch like a page has, and is copied as a
// whole before it is first changed after a snapshot. If its values refer to more, whoever
// gets one may change it in place; then it is copied, with all that they refer to, before
// it is first looked at.
type Maps[K, UK comparable, UV any] struct {
	cells *Cells[K, *mapNode[UK, UV]]
	copy  func(map[UK]UV) map[UK]UV
	deep  bool // values refer to more
}

type mapNode[UK comparable, UV any] struct {
	epoch   uint32
	entries map[UK]UV
}

// NewMap declares a state of one map per key.
func NewMap[K, UK comparable, UV any](b *Backend[K], name string, key codec.Codec[UK], value codec.Codec[UV]) (*Maps[K, UK, UV], error) {
	meta := flink.MapStateMeta(name, key.Serializer(), value.Serializer())
	c := codec.MapOf(key, value)
	cells, err := declare[K, *mapNode[UK, UV]](b, meta, nodeCodec[UK, UV]{c})
	s := &Maps[K, UK, UV]{cells: cells, copy: maps.Clone[map[UK]UV]}
	if refersToMore(reflect.TypeFor[UV]()) {
		s.copy, s.deep = cloner(c), true
	}
	return s, err
}

// node returns the current key's map for reading, if there is one.
func (s *Maps[K, UK, UV]) node() (*mapNode[UK, UV], bool) {
	node, ok := s.cells.Get()
	if ok && s.deep && s.frozen(node) {
		node = s.writable()
	}
	return node, ok
}

// frozen tells whether a snapshot can see a map.
func (s *Maps[K, UK, UV]) frozen(node *mapNode[UK, UV]) bool {
	f := s.cells.frozen.Load()
	return f != 0 && node.epoch <= f
}

// Get returns what the current key's map holds under k.
func (s *Maps[K, UK, UV]) Get(k UK) (UV, bool) {
	if node, ok := s.node(); ok {
		v, ok := node.entries[k]
		return v, ok
	}
	var zero UV
	return zero, false
}

// Put sets what the current key's map holds under k.
func (s *Maps[K, UK, UV]) Put(k UK, v UV) { s.writable().entries[k] = v }

// Remove deletes k from the current key's map, and the map with its last entry: Flink
// has no empty maps in map state.
func (s *Maps[K, UK, UV]) Remove(k UK) {
	node, ok := s.cells.Get()
	if !ok {
		return
	}
	if _, ok := node.entries[k]; !ok {
		return
	}
	if len(node.entries) == 1 {
		s.Clear()
		return
	}
	delete(s.writable().entries, k)
}

// Len is the number of entries of the current key's map.
func (s *Maps[K, UK, UV]) Len() int {
	if node, ok := s.cells.Get(); ok {
		return len(node.entries)
	}
	return 0
}

// All returns the entries of the current key's map.
func (s *Maps[K, UK, UV]) All() iter.Seq2[UK, UV] {
	if node, ok := s.node(); ok {
		return maps.All(node.entries)
	}
	return func(func(UK, UV) bool) {}
}

// Clear removes the current key's map.
func (s *Maps[K, UK, UV]) Clear() { s.cells.Clear() }

// writable returns the current key's map for writing: a new one if there is none, a
// copy if a snapshot can see the one there is.
func (s *Maps[K, UK, UV]) writable() *mapNode[UK, UV] {
	t := s.cells
	ref, existed := s.cells.Ref()
	switch {
	case !existed || *ref == nil:
		*ref = &mapNode[UK, UV]{epoch: t.epoch, entries: make(map[UK]UV)}
	case s.frozen(*ref):
		*ref = &mapNode[UK, UV]{epoch: t.epoch, entries: s.copy((*ref).entries)}
	}
	return *ref
}

// nodeCodec is the codec of a map as the codec of a node with that map.
type nodeCodec[UK comparable, UV any] struct{ codec.Codec[map[UK]UV] }

// Reading reads maps of an older form, if the maps' codec can.
func (c nodeCodec[UK, UV]) Reading(was flink.Serializer) (codec.Codec[*mapNode[UK, UV]], error) {
	m, err := codec.Reading(c.Codec, was)
	return nodeCodec[UK, UV]{m}, err
}

func (c nodeCodec[UK, UV]) Append(dst []byte, v *mapNode[UK, UV]) ([]byte, error) {
	return c.Codec.Append(dst, v.entries)
}

func (c nodeCodec[UK, UV]) Decode(src []byte) (*mapNode[UK, UV], int, error) {
	m, n, err := c.Codec.Decode(src)
	return &mapNode[UK, UV]{entries: m}, n, err
}
