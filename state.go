package weir

import (
	"errors"
	"iter"

	"github.com/weirstream/weir/internal/keyed"
)

// declareValue declares a state of one value per key. If that is not possible the context
// remembers why, the operator is not opened, and the state is never used.
func declareValue[K comparable, V any](c *KeyContext[K], name string, kind keyed.Kind, opts []StateOption) *keyed.Slot[V] {
	given := collect(opts)
	vc, err := chosen[V](given.codec)
	if err != nil {
		c.failState(name, err)
		return nil
	}
	var slot *keyed.Slot[V]
	if ttl, ok := ttlOf(c, name, given); ok {
		slot, err = keyed.NewAgedValue(c.backend, name, kind, vc, ttl)
	} else {
		slot, err = keyed.NewValue(c.backend, name, kind, vc)
	}
	if err != nil {
		c.failState(name, err)
	}
	return slot
}

// ValueState is state that holds one value per key.
//
// A value that Get returns may be changed in place, also through the maps and slices in
// it, and be given back with Set. It must not be kept beyond the record that is being
// processed: a checkpoint may be writing it by then.
type ValueState[V any] struct{ slot *keyed.Slot[V] }

// NewValue declares a value. The name is the state's identity in the checkpoint, unique
// within the operator.
func NewValue[V any, K comparable](c *KeyContext[K], name string, opts ...StateOption) ValueState[V] {
	return ValueState[V]{slot: declareValue[K, V](c, name, keyed.PlainValue, opts)}
}

// Get returns the key's value, and whether it has one.
func (s ValueState[V]) Get() (V, bool) { return s.slot.Get() }

// Ref returns where the key's value is, to be changed in place, and whether the key had
// one; if not it has the zero value now. The pointer is good until the state is used again,
// and not beyond the record that is being processed.
func (s ValueState[V]) Ref() (v *V, existed bool) { return s.slot.Ref() }

// Set gives the key a value.
func (s ValueState[V]) Set(v V) { s.slot.Set(v) }

// Clear removes the key's value.
func (s ValueState[V]) Clear() { s.slot.Clear() }

// ListState is state that holds a list per key.
type ListState[E any] struct{ cell keyed.ListCell[E] }

// NewList declares a list.
func NewList[E any, K comparable](c *KeyContext[K], name string, opts ...StateOption) ListState[E] {
	given := collect(opts)
	ec, err := chosen[E](given.codec)
	if err != nil {
		c.failState(name, err)
		return ListState[E]{}
	}
	var cell keyed.ListCell[E]
	if ttl, ok := ttlOf(c, name, given); ok {
		cell, err = keyed.NewAgedList(c.backend, name, ec, ttl)
	} else {
		cell, err = keyed.NewList(c.backend, name, ec)
	}
	if err != nil {
		c.failState(name, err)
		return ListState[E]{}
	}
	return ListState[E]{cell: cell}
}

// Add appends an element to the key's list.
func (s ListState[E]) Add(e E) { s.cell.Add(e) }

// All returns the elements of the key's list in order, as they are when the sequence begins
// to be read: the list may be changed meanwhile.
func (s ListState[E]) All() iter.Seq[E] { return s.cell.All() }

// Len returns the length of the key's list.
func (s ListState[E]) Len() int { return s.cell.Len() }

// Set replaces the key's list; an empty one removes it. The slice is copied.
func (s ListState[E]) Set(list []E) { s.cell.Set(list) }

// Clear removes the key's list.
func (s ListState[E]) Clear() { s.cell.Clear() }

// MapState is state that holds a map per key.
type MapState[UK comparable, UV any] struct{ cell keyed.MapCell[UK, UV] }

// NewMap declares a map.
func NewMap[UK comparable, UV any, K comparable](c *KeyContext[K], name string, opts ...StateOption) MapState[UK, UV] {
	given := collect(opts)
	kc, err := chosen[UK](given.keyCodec)
	if err != nil {
		c.failState(name, err)
		return MapState[UK, UV]{}
	}
	vc, err := chosen[UV](given.codec)
	if err != nil {
		c.failState(name, err)
		return MapState[UK, UV]{}
	}
	var cell keyed.MapCell[UK, UV]
	if ttl, ok := ttlOf(c, name, given); ok {
		cell, err = keyed.NewAgedMap(c.backend, name, kc, vc, ttl)
	} else {
		cell, err = keyed.NewMap(c.backend, name, kc, vc)
	}
	if err != nil {
		c.failState(name, err)
		return MapState[UK, UV]{}
	}
	return MapState[UK, UV]{cell: cell}
}

// Get returns what the key's map holds under k, and whether it does.
func (s MapState[UK, UV]) Get(k UK) (UV, bool) { return s.cell.Get(k) }

// Put sets what the key's map holds under k.
func (s MapState[UK, UV]) Put(k UK, v UV) { s.cell.Put(k, v) }

// Remove deletes k from the key's map.
func (s MapState[UK, UV]) Remove(k UK) { s.cell.Remove(k) }

// Len returns the number of entries of the key's map.
func (s MapState[UK, UV]) Len() int { return s.cell.Len() }

// All returns the entries of the key's map in no particular order. The map may be changed
// meanwhile: an entry that is there all the time comes once, one that is removed before the
// sequence comes to it does not come, and neither does one that is put meanwhile.
func (s MapState[UK, UV]) All() iter.Seq2[UK, UV] { return s.cell.All() }

// Clear removes the key's map.
func (s MapState[UK, UV]) Clear() { s.cell.Clear() }

// ReducingState is state that holds, per key, all that was added to it, reduced to one
// value.
type ReducingState[V any] struct {
	slot *keyed.Slot[V]
	fn   func(a, b V) (V, error)
}

// NewReducing declares a reducing state. fn joins the value that is there with the value that
// is added.
func NewReducing[V any, K comparable](c *KeyContext[K], name string, fn func(a, b V) (V, error), opts ...StateOption) ReducingState[V] {
	if fn == nil {
		c.failState(name, errors.New("nil function"))
	}
	return ReducingState[V]{slot: declareValue[K, V](c, name, keyed.ReducingValue, opts), fn: fn}
}

// Add adds a value to the key's.
func (s ReducingState[V]) Add(v V) error {
	if old, ok := s.slot.Get(); ok {
		var err error
		if v, err = s.fn(old, v); err != nil {
			return err
		}
	}
	s.slot.Set(v)
	return nil
}

// Get returns the key's value, and whether anything was added.
func (s ReducingState[V]) Get() (V, bool) { return s.slot.Get() }

// Clear removes the key's value.
func (s ReducingState[V]) Clear() { s.slot.Clear() }

// AggregatingState is state that holds, per key, an accumulator of all that was added to
// it.
type AggregatingState[In, Acc, R any] struct {
	slot *keyed.Slot[Acc]
	fn   Aggregator[In, Acc, R]
}

// NewAggregating declares an aggregating state. The accumulator is what is kept.
func NewAggregating[In, Acc, R any, K comparable](c *KeyContext[K], name string, fn Aggregator[In, Acc, R], opts ...StateOption) AggregatingState[In, Acc, R] {
	if err := fn.check(); err != nil {
		c.failState(name, err)
	}
	return AggregatingState[In, Acc, R]{slot: declareValue[K, Acc](c, name, keyed.AggregatingValue, opts), fn: fn}
}

// Add adds a value to the key's accumulator.
func (s AggregatingState[In, Acc, R]) Add(v In) error {
	ref, existed := s.slot.Ref()
	if !existed {
		*ref = s.fn.empty()
	}
	acc, err := s.fn.Add(*ref, v)
	if err != nil {
		return err
	}
	*ref = acc
	return nil
}

// Get returns the result of the key's accumulator, and whether anything was added.
func (s AggregatingState[In, Acc, R]) Get() (R, bool, error) {
	acc, ok := s.slot.Get()
	if !ok {
		var zero R
		return zero, false, nil
	}
	r, err := s.fn.Result(acc)
	return r, true, err
}

// Clear removes the key's accumulator.
func (s AggregatingState[In, Acc, R]) Clear() { s.slot.Clear() }
