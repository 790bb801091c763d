package keyed

import (
	"reflect"

	"github.com/weirstream/weir/flink"
	"github.com/weirstream/weir/internal/codec"
)

// Kind is what a state of one value per key is to Flink.
type Kind uint8

const (
	PlainValue Kind = iota
	ReducingValue
	AggregatingValue
)

func (k Kind) meta(name string, value flink.Serializer) flink.StateMeta {
	switch k {
	case ReducingValue:
		return flink.ReducingStateMeta(name, value)
	case AggregatingValue:
		return flink.AggregatingStateMeta(name, value)
	default:
		return flink.ValueStateMeta(name, value)
	}
}

// NewValue declares a state of one value per key.
func NewValue[K comparable, V any](b *Backend[K], name string, kind Kind, c codec.Codec[V]) (*Slot[V], error) {
	s, err := NewValues(b, name, kind, Voids, c)
	return s.In(Void{}), err
}

// NewValues declares a state of one value per key and namespace.
func NewValues[K, N comparable, V any](b *Backend[K], name string, kind Kind, spaces codec.Codec[N], c codec.Codec[V]) (*Values[N, V], error) {
	s, _, err := newValues(b, name, kind, spaces, c)
	return s, err
}

// newValues declares one, and returns how its entries are visited, too.
func newValues[K, N comparable, V any](b *Backend[K], name string, kind Kind, spaces codec.Codec[N], c codec.Codec[V]) (*Values[N, V], visit[V], error) {
	meta := kind.meta(name, c.Serializer())
	if !refersToMore(reflect.TypeFor[V]()) {
		s, err := declare(b, meta, spaces, func(*freezer) form[V] { return plain[V]{c} })
		return &Values[N, V]{&s.table.Slot, s.table.in}, func(old func(*V) bool) bool { return s.visit(old) }, err
	}
	s, err := declare(b, meta, spaces, func(f *freezer) form[*box[V]] { return boxes[V]{c, f} })
	slot := newBoxSlot(s, c)
	return &Values[N, V]{&slot.Slot, func(n N) { s.table.in(n); slot.forget() }},
		func(old func(*V) bool) bool { return s.visit(func(b **box[V]) bool { return old(&(*b).value) }) }, err
}

// Values is a state of one value per key and namespace, as a handle sees it.
type Values[N comparable, V any] struct {
	slot *Slot[V]
	in   func(N)
}

// In returns the state in a namespace. What it returned for another is of no more use.
func (s *Values[N, V]) In(space N) *Slot[V] {
	s.in(space)
	return s.slot
}

// A boxSlot is the slot of a table whose values are in boxes. What it hands out may be
// changed at once, so it is always the slot's own.
type boxSlot[K, N comparable, V any] struct {
	Slot[V]
	table *Table[K, N, *box[V]]
	codec codec.Codec[V]
}

func newBoxSlot[K, N comparable, V any](s *cells[K, N, *box[V]], c codec.Codec[V]) *boxSlot[K, N, V] {
	b := &boxSlot[K, N, V]{table: s.table, codec: c}
	b.Slot = Slot[V]{now: s.table.now, in: b}
	b.forget()
	s.afterFreeze = b.forget
	return b
}

func (s *boxSlot[K, N, V]) look() {
	b, ok := s.table.Get()
	s.seq, s.has = *s.now, ok
	if !ok {
		s.ref, s.mine = &s.zero, false
		return
	}
	s.ref, s.mine = b.open(&s.table.freezer, s.codec), true
}

func (s *boxSlot[K, N, V]) ensure() (existed bool) {
	if s.seq != *s.now {
		s.look()
	}
	if s.has {
		return true
	}
	var zero V
	b := newBox(&s.table.freezer, zero)
	s.table.Set(b)
	s.ref, s.has, s.mine = &b.value, true, true
	return false
}

func (s *boxSlot[K, N, V]) remove() bool {
	s.forget()
	return s.table.remove()
}
