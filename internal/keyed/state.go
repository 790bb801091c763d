package keyed

import (
	"fmt"
	"reflect"
	"time"

	"github.com/weirstream/weir/checkpoint"
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

// Cells is a state whose table holds one V per key: a value, a list, an accumulator. Its
// slot is what handles use.
type Cells[K comparable, V any] struct {
	*Table[K, V]
	meta  flink.StateMeta
	codec codec.Codec[V]
}

// NewValue declares a state of one value per key.
func NewValue[K comparable, V any](b *Backend[K], name string, kind Kind, c codec.Codec[V]) (*Cells[K, V], error) {
	meta := map[Kind]func(string, flink.Serializer) flink.StateMeta{
		PlainValue:       flink.ValueStateMeta,
		ReducingValue:    flink.ReducingStateMeta,
		AggregatingValue: flink.AggregatingStateMeta,
	}[kind](name, c.Serializer())
	s, err := declare(b, meta, c)
	if refersToMore(reflect.TypeFor[V]()) {
		s.Table.clone = cloner(c)
	}
	return s, err
}

// refersToMore tells whether a value of the type refers to memory that can be changed
// through it: a snapshot that only copies the value would see the change.
func refersToMore(t reflect.Type) bool {
	switch t.Kind() {
	case reflect.Map, reflect.Slice, reflect.Pointer, reflect.Interface:
		return true
	case reflect.Array:
		return refersToMore(t.Elem())
	case reflect.Struct:
		if t == reflect.TypeFor[time.Time]() {
			return false // it refers to a time zone, which nobody changes
		}
		for i := range t.NumField() {
			if refersToMore(t.Field(i).Type) {
				return true
			}
		}
	}
	return false
}

// cloner copies values by their encoding. A value that cannot be encoded could not be
// written to a checkpoint either; the panic becomes an error of the operator.
func cloner[V any](c codec.Codec[V]) func(V) V {
	var buf []byte
	return func(v V) V {
		b, err := c.Append(buf[:0], v)
		if err != nil {
			panic(fmt.Errorf("copy a value for a checkpoint: %w", err))
		}
		buf = b
		v, _, err = c.Decode(b)
		if err != nil {
			panic(fmt.Errorf("copy a value for a checkpoint: %w", err))
		}
		return v
	}
}

// NewList declares a state of one list per key.
func NewList[K comparable, E any](b *Backend[K], name string, element codec.Codec[E]) (*Cells[K, []E], error) {
	c := codec.ListOf(element)
	s, err := declare(b, flink.ListStateMeta(name, element.Serializer()), c)
	// A list only grows, behind what a snapshot sees of it; its elements may be changed.
	if refersToMore(reflect.TypeFor[E]()) {
		s.Table.clone = cloner(c)
	}
	return s, err
}

func declare[K comparable, V any](b *Backend[K], meta flink.StateMeta, c codec.Codec[V]) (*Cells[K, V], error) {
	s := &Cells[K, V]{Table: NewTable[K, V](&b.Current, b.keyGroups, b.own), meta: meta, codec: c}
	return s, b.add(s)
}

// state is a declared state, erased of the type of its values: what a backend does with
// all of its states.
type state[K comparable] interface {
	describe() flink.StateMeta
	size() int // entries
	freeze() frozenState[K]
	lookAhead()
	reserve(g checkpoint.KeyGroup, n int)
	// reader returns what decodes a value written by a state that described itself as
	// was, gives it to the current key, and tells how many bytes it took.
	reader(was *flink.StateMeta) (func(src []byte) (n int, err error), error)
}

// frozenState is a state as a snapshot sees it. Key groups are counted from 0 here.
type frozenState[K comparable] interface {
	count(group int) int
	// appendEntries appends entries of a key group beginning with number from, until dst
	// is as long as limit or there are no more; next is where to go on.
	appendEntries(dst []byte, group, from, limit int, key codec.Codec[K]) (_ []byte, next int, err error)
	release()
}

func (s *Cells[K, V]) describe() flink.StateMeta            { return s.meta }
func (s *Cells[K, V]) size() int                            { return s.Table.Len() }
func (s *Cells[K, V]) reserve(g checkpoint.KeyGroup, n int) { s.Table.Reserve(g, n) }
func (s *Cells[K, V]) freeze() frozenState[K]               { return &frozenCells[K, V]{s.Table.freeze(), s.codec} }
func (s *Cells[K, V]) reader(was *flink.StateMeta) (func([]byte) (int, error), error) {
	c, err := readingCodec(s.codec, &s.meta, was)
	if err != nil {
		return nil, err
	}
	return func(src []byte) (int, error) {
		v, n, err := c.Decode(src)
		if err != nil {
			return 0, err
		}
		ref, existed := s.Ref()
		if existed {
			return 0, fmt.Errorf("a key that is there twice: %v", s.current.Key())
		}
		*ref = v
		return n, nil
	}, nil
}

// readingCodec returns what reads values of a state that was described otherwise, if
// that is possible.
func readingCodec[V any](c codec.Codec[V], now, was *flink.StateMeta) (codec.Codec[V], error) {
	if was.Type() != now.Type() {
		return nil, fmt.Errorf("it was a %s state, and the job declares it as %s", was.Type(), now.Type())
	}
	return codec.Reading(c, was.Value())
}

type frozenCells[K comparable, V any] struct {
	*frozen[K, V]
	codec codec.Codec[V]
}

func (f *frozenCells[K, V]) count(group int) int { return f.groups[group].n }

func (f *frozenCells[K, V]) appendEntries(dst []byte, group, from, limit int, key codec.Codec[K]) (_ []byte, i int, err error) {
	g := &f.groups[group]
	for i = from; i < g.n && len(dst) < limit; i++ {
		e := &g.pages[i>>pageBits].page[i&pageMask]
		dst = append(dst, voidNamespace)
		if dst, err = key.Append(dst, e.key); err != nil {
			return dst, i, fmt.Errorf("key %v: %w", e.key, err)
		}
		if dst, err = f.codec.Append(dst, e.value); err != nil {
			return dst, i, fmt.Errorf("value of key %v: %w", e.key, err)
		}
	}
	return dst, i, nil
}

// voidNamespace is the encoding of the namespace of states that have none.
const voidNamespace = 0
