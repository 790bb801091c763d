package weir

import (
	"errors"
	"fmt"
	"reflect"

	"github.com/weirstream/weir/checkpoint"
	"github.com/weirstream/weir/flink"
	"github.com/weirstream/weir/internal/codec"
	"github.com/weirstream/weir/internal/flow"
	"github.com/weirstream/weir/internal/plan"
)

// Keyed is a stream whose records are grouped by key: all records with the same key go to the
// same subtask, in the order in which they were sent, and state is kept per key.
type Keyed[K comparable, T any] struct {
	stream Stream[T]
	key    func(T) K
	keying[K]
}

// keying is what is known of the keys.
type keying[K comparable] struct {
	codec codec.Codec[K]
	hash  func(K) int32
}

// KeyBy groups the records of a stream by key. The function key returns the key of a record.
// It must return the same key for the same record every time.
//
// Keys are assigned to key groups by Flink's rule, so for each key Flink and Weir agree on the
// key group. By that rule 0 and -0 are two keys, and NaN cannot be a key. K needs a [Codec]:
// strings, integers, floats, bools and structs of these have one; for any other type, give one
// of your own.
func KeyBy[T any, K comparable](in Stream[T], key func(T) K, own ...Codec[K]) Keyed[K, T] {
	k := Keyed[K, T]{stream: in, key: key}
	fail := func(err error) {
		in.owner().p().Fail(fmt.Errorf("%s: key of KeyBy: %w", caller(), err))
	}
	if key == nil {
		fail(errors.New("nil function"))
	}
	var err error
	if k.codec, err = codecFor(own); err != nil {
		fail(err)
		return k
	}
	if k.hash, err = codec.HashOf(k.codec); err != nil {
		fail(err)
	}
	return k
}

// edge returns the edge that routes records by key, for the operator that where names.
func (k Keyed[K, T]) edge(where string) plan.Edge {
	return k.stream.exchanged(plan.Edge{
		From: k.stream.from, Port: k.stream.port, Ship: plan.ByKey, Record: reflect.TypeFor[T](),
		NewSender: func(r plan.Routing) flow.Sender { return newKeySender(k, r) },
	}, where)
}

func newKeySender[K comparable, T any](k Keyed[K, T], r plan.Routing) *keySender[K, T] {
	s := &keySender[K, T]{
		key: k.key, hash: k.hash, routing: r, mayBeNaN: holdsFloats(reflect.TypeFor[K]()),
		pool:    flow.NewKeyedVecPool[K, T](),
		subtask: make([]checkpoint.Subtask, r.MaxParallelism),
		bufs:    make([]*flow.KeyedVec[K, T], r.Parallelism),
	}
	for g := range s.subtask {
		s.subtask[g] = flink.SubtaskOf(checkpoint.KeyGroup(g), r.MaxParallelism, r.Parallelism)
	}
	return s
}

// A keySender sends each record to the subtask that owns its key.
type keySender[K comparable, T any] struct {
	key     func(T) K
	hash    func(K) int32
	routing plan.Routing
	pool    *flow.KeyedVecPool[K, T]
	subtask []checkpoint.Subtask   // of each key group
	bufs    []*flow.KeyedVec[K, T] // on their way to each subtask; nil if there is nothing for it
	// mayBeNaN says that a key may be unequal to itself.
	mayBeNaN bool
}

// holdsFloats reports whether a value of the type may be NaN, or have one in it.
func holdsFloats(t reflect.Type) bool {
	switch t.Kind() {
	case reflect.Float32, reflect.Float64, reflect.Complex64, reflect.Complex128, reflect.Interface:
		return true
	case reflect.Array:
		return holdsFloats(t.Elem())
	case reflect.Struct:
		for i := range t.NumField() {
			if holdsFloats(t.Field(i).Type) {
				return true
			}
		}
	}
	return false
}

var errNaN = errors.New("the key is NaN, or has one in it: it is not equal to itself, so what is kept under it could never be found again; filter such records out, or give them another key")

func (s *keySender[K, T]) Push(b flow.Batch) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = &OperatorError{Operator: s.routing.Target, Subtask: int(s.routing.Self), Err: fmt.Errorf("key function: %w", newPanicError(r))}
		}
	}()
	in := b.(*flow.Vec[T])
	timed := len(in.Times) > 0
	for at, v := range in.Values {
		key := s.key(v)
		if s.mayBeNaN && key != key {
			return Permanent(&OperatorError{Operator: s.routing.Target, Subtask: int(s.routing.Self), Err: errNaN})
		}
		code := s.hash(key)
		group := flink.KeyGroupOf(code, s.routing.MaxParallelism)
		to := s.subtask[group]
		buf := s.bufs[to]
		if buf == nil {
			buf = s.pool.Get()
			s.bufs[to] = buf
		}
		i := uint(buf.N) % flow.BatchSize // which it is already
		buf.Keys[i], buf.Codes[i], buf.Groups[i], buf.Values[i] = key, code, group, v
		if timed {
			buf.Times = append(buf.Times, in.Times[at])
		}
		if buf.N++; buf.N == flow.BatchSize {
			if err := s.send(to); err != nil {
				return err
			}
		}
	}
	return nil
}

// Mark sends the mark after what was pushed before it.
func (s *keySender[K, T]) Mark(m flow.Mark) error {
	if err := s.Flush(); err != nil {
		return err
	}
	return s.routing.Mark(m)
}

func (s *keySender[K, T]) Flush() error {
	for to := range s.bufs {
		if s.bufs[to] != nil {
			if err := s.send(checkpoint.Subtask(to)); err != nil {
				return err
			}
		}
	}
	return nil
}

func (s *keySender[K, T]) send(to checkpoint.Subtask) error {
	b := s.bufs[to]
	s.bufs[to] = nil
	return s.routing.Send(to, b)
}
