package keyed

import (
	"iter"
	"reflect"
	"slices"

	"github.com/weirstream/weir/flink"
	"github.com/weirstream/weir/internal/codec"
)

// A ListCell is what a handle sees of a list state: the list of the current key.
type ListCell[E any] interface {
	// Add appends an element.
	Add(E)
	// Len is the number of elements.
	Len() int
	// All returns the elements in order, as they are when the sequence begins to be read: the
	// list may be changed while it is read.
	All() iter.Seq[E]
	// Set replaces the list by a copy of elements; an empty one removes it.
	Set(elements []E)
	// Clear removes the list.
	Clear()
}

// NewList declares a state of one list per key.
func NewList[K comparable, E any](b *Backend[K], name string, element codec.Codec[E]) (ListCell[E], error) {
	s, err := NewLists(b, name, Voids, element)
	return s.In(Void{}), err
}

// NewLists declares a state of one list per key and namespace.
func NewLists[K, N comparable, E any](b *Backend[K], name string, spaces codec.Codec[N], element codec.Codec[E]) (*Lists[N, E], error) {
	s, _, err := newLists(b, name, spaces, element)
	return s, err
}

// newLists declares one, and returns how its entries are visited, by their first elements.
func newLists[K, N comparable, E any](b *Backend[K], name string, spaces codec.Codec[N], element codec.Codec[E]) (*Lists[N, E], visit[E], error) {
	meta := flink.ListStateMeta(name, element.Serializer())
	whole := codec.ListOf(element)
	if !refersToMore(reflect.TypeFor[E]()) {
		s, err := declare(b, meta, spaces, func(*freezer) form[list[E]] {
			return lists[E, E]{whole, plain[E]{element}, func(e E) E { return e }}
		})
		return &Lists[N, E]{plainList[E]{&s.table.Slot}, s.table.in}, func(old func(*E) bool) bool {
			return s.visit(func(l *list[E]) bool { return old(l.first()) })
		}, err
	}
	s, err := declare(b, meta, spaces, func(f *freezer) form[list[*box[E]]] {
		return lists[E, *box[E]]{whole, boxes[E]{element, f}, func(e E) *box[E] { return newBox(f, e) }}
	})
	return &Lists[N, E]{boxList[E]{plainList[*box[E]]{&s.table.Slot}, &s.table.freezer, element}, s.table.in}, func(old func(*E) bool) bool {
		return s.visit(func(l *list[*box[E]]) bool { return old(&(*l.first()).value) })
	}, err
}

// Lists is a state of one list per key and namespace, as a handle sees it.
type Lists[N comparable, E any] struct {
	cell ListCell[E]
	in   func(N)
}

// In returns the state in a namespace. What it returned for another is of no more use.
func (s *Lists[N, E]) In(space N) ListCell[E] {
	s.in(space)
	return s.cell
}

// A plainList is the lists of a table of elements that are copied by assignment.
type plainList[E any] struct{ slot *Slot[list[E]] }

func (s plainList[E]) Add(e E) {
	l, _ := s.slot.Ref()
	l.add(e)
}

func (s plainList[E]) Len() int {
	l, _ := s.slot.Get()
	return l.len()
}

func (s plainList[E]) All() iter.Seq[E] {
	return func(yield func(E) bool) {
		l, _ := s.slot.Get()
		l.all()(yield)
	}
}

func (s plainList[E]) Set(elements []E) { s.set(slices.Values(elements)) }

func (s plainList[E]) set(elements iter.Seq[E]) {
	var l list[E]
	for e := range elements {
		l.add(e)
	}
	if l.len() == 0 {
		s.Clear()
		return
	}
	s.slot.Set(l)
}

func (s plainList[E]) Clear() { s.slot.Clear() }

// A boxList is lists of elements in boxes.
type boxList[E any] struct {
	plainList[*box[E]]
	of    *freezer
	codec codec.Codec[E]
}

func (s boxList[E]) Add(e E) { s.plainList.Add(newBox(s.of, e)) }

func (s boxList[E]) All() iter.Seq[E] {
	return func(yield func(E) bool) {
		for b := range s.plainList.All() {
			if !yield(*b.open(s.of, s.codec)) {
				return
			}
		}
	}
}

func (s boxList[E]) Set(elements []E) {
	s.set(func(yield func(*box[E]) bool) {
		for _, e := range elements {
			if !yield(newBox(s.of, e)) {
				return
			}
		}
	})
}
