package weir

import (
	"fmt"
	"iter"

	"github.com/weirstream/weir/internal/codec"
	"github.com/weirstream/weir/internal/flow"
	"github.com/weirstream/weir/internal/keyed"
)

// A KeyContext is where the function of a keyed operator declares its state, once per
// subtask, and learns about the key it is working on.
type KeyContext[K comparable] struct {
	ctx     *flow.Context
	backend *keyed.Backend[K]
	err     error
	opened  bool // nobody looks at err any more
}

// Key is the key of the record that is being processed; the zero key if there is none.
func (c *KeyContext[K]) Key() K { return c.backend.Current.Key() }

// Subtask is the number of the parallel instance, from 0.
func (c *KeyContext[K]) Subtask() int { return int(c.ctx.Subtask) }

func (c *KeyContext[K]) fail(name string, err error) {
	err = fmt.Errorf("state %q: %w", name, err)
	if c.opened {
		panic(err) // in the middle of a record: it becomes an error of the operator
	}
	if c.err == nil {
		c.err = err
	}
}

// declareValue declares a state of one value per key. If that is not possible the context
// remembers why, the operator is not opened, and the state is never used.
func declareValue[K comparable, V any](c *KeyContext[K], name string, kind keyed.Kind, own []Codec[V]) *keyed.Slot[V] {
	vc, err := codecFor(own)
	if err != nil {
		c.fail(name, err)
		return nil
	}
	slot, err := keyed.NewValue(c.backend, name, kind, vc)
	if err != nil {
		c.fail(name, err)
	}
	return slot
}

// Value is state that holds one value per key.
//
// A value that Get returns may be changed in place, also through the maps and slices in
// it, and be given back with Set. It must not be kept beyond the record that is being
// processed: a checkpoint may be writing it by then.
type Value[V any] struct{ slot *keyed.Slot[V] }

// NewValue declares a value. The name is the state's identity in the checkpoint, unique
// within the operator.
func NewValue[V any, K comparable](c *KeyContext[K], name string, own ...Codec[V]) Value[V] {
	return Value[V]{slot: declareValue(c, name, keyed.PlainValue, own)}
}

// Get returns the key's value, and whether it has one.
func (s Value[V]) Get() (V, bool) { return s.slot.Get() }

// Set gives the key a value.
func (s Value[V]) Set(v V) { s.slot.Set(v) }

// Clear removes the key's value.
func (s Value[V]) Clear() { s.slot.Clear() }

// List is state that holds a list per key.
type List[E any] struct{ cell keyed.ListCell[E] }

// NewList declares a list.
func NewList[E any, K comparable](c *KeyContext[K], name string, own ...Codec[E]) List[E] {
	ec, err := codecFor(own)
	if err != nil {
		c.fail(name, err)
		return List[E]{}
	}
	cell, err := keyed.NewList(c.backend, name, ec)
	if err != nil {
		c.fail(name, err)
		return List[E]{}
	}
	return List[E]{cell: cell}
}

// Add appends an element to the key's list.
func (s List[E]) Add(e E) { s.cell.Add(e) }

// All returns the elements of the key's list in order, as they are when the sequence begins
// to be read: the list may be changed meanwhile.
func (s List[E]) All() iter.Seq[E] { return s.cell.All() }

// Len is the length of the key's list.
func (s List[E]) Len() int { return s.cell.Len() }

// Set replaces the key's list; an empty one removes it. The slice is copied.
func (s List[E]) Set(list []E) { s.cell.Set(list) }

// Clear removes the key's list.
func (s List[E]) Clear() { s.cell.Clear() }

// MapState is state that holds a map per key.
type MapState[UK comparable, UV any] struct{ cell keyed.MapCell[UK, UV] }

// NewMap declares a map.
func NewMap[UK comparable, UV any, K comparable](c *KeyContext[K], name string) MapState[UK, UV] {
	kc, err := codec.Of[UK]()
	if err != nil {
		c.fail(name, err)
		return MapState[UK, UV]{}
	}
	vc, err := codec.Of[UV]()
	if err != nil {
		c.fail(name, err)
		return MapState[UK, UV]{}
	}
	t, err := keyed.NewMap(c.backend, name, kc, vc)
	if err != nil {
		c.fail(name, err)
		return MapState[UK, UV]{}
	}
	return MapState[UK, UV]{cell: t}
}

// Get returns what the key's map holds under k, and whether it does.
func (s MapState[UK, UV]) Get(k UK) (UV, bool) { return s.cell.Get(k) }

// Put sets what the key's map holds under k.
func (s MapState[UK, UV]) Put(k UK, v UV) { s.cell.Put(k, v) }

// Remove deletes k from the key's map.
func (s MapState[UK, UV]) Remove(k UK) { s.cell.Remove(k) }

// Len is the number of entries of the key's map.
func (s MapState[UK, UV]) Len() int { return s.cell.Len() }

// All returns the entries of the key's map in no particular order. The map may be changed
// meanwhile: an entry that is there all the time comes once, one that is removed before the
// sequence comes to it does not come, and neither does one that is put meanwhile.
func (s MapState[UK, UV]) All() iter.Seq2[UK, UV] { return s.cell.All() }

// Clear removes the key's map.
func (s MapState[UK, UV]) Clear() { s.cell.Clear() }

// Reducing is state that holds, per key, all that was added to it, reduced to one value.
type Reducing[V any] struct {
	slot *keyed.Slot[V]
	fn   func(a, b V) (V, error)
}

// NewReducing declares a reducing state; fn joins what is there with what is added.
func NewReducing[V any, K comparable](c *KeyContext[K], name string, fn func(a, b V) (V, error), own ...Codec[V]) Reducing[V] {
	return Reducing[V]{slot: declareValue(c, name, keyed.ReducingValue, own), fn: fn}
}

// Add adds a value to the key's.
func (s Reducing[V]) Add(v V) error {
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
func (s Reducing[V]) Get() (V, bool) { return s.slot.Get() }

// Clear removes the key's value.
func (s Reducing[V]) Clear() { s.slot.Clear() }

// Aggregating is state that holds, per key, an accumulator of all that was added to it.
type Aggregating[In, Acc, R any] struct {
	slot *keyed.Slot[Acc]
	fn   Aggregator[In, Acc, R]
}

// NewAggregating declares an aggregating state. The accumulator is what is kept.
func NewAggregating[In, Acc, R any, K comparable](c *KeyContext[K], name string, fn Aggregator[In, Acc, R], own ...Codec[Acc]) Aggregating[In, Acc, R] {
	return Aggregating[In, Acc, R]{slot: declareValue(c, name, keyed.AggregatingValue, own), fn: fn}
}

// Add adds a value to the key's accumulator.
func (s Aggregating[In, Acc, R]) Add(v In) error {
	acc, ok := s.slot.Get()
	if !ok && s.fn.New != nil {
		acc = s.fn.New()
	}
	acc, err := s.fn.Add(acc, v)
	if err != nil {
		return err
	}
	s.slot.Set(acc)
	return nil
}

// Get returns the result of the key's accumulator, and whether anything was added.
func (s Aggregating[In, Acc, R]) Get() (R, bool, error) {
	acc, ok := s.slot.Get()
	if !ok {
		var zero R
		return zero, false, nil
	}
	r, err := s.fn.Result(acc)
	return r, true, err
}

// Clear removes the key's accumulator.
func (s Aggregating[In, Acc, R]) Clear() { s.slot.Clear() }
