package weir

import (
	"errors"

	"github.com/weirstream/weir/internal/keyed"
)

// An Aggregator puts values into an accumulator, one after the other, and makes a result from
// the accumulator. A mean, a top ten and a count of distinct values are computed in this way.
// The accumulator is kept as state. Add may change it in place, but must not keep it.
// [Aggregating] makes an Aggregator from two functions; [Count], [Sum], [Min], [Max], [Mean]
// and [TopN] are ready-made.
type Aggregator[In, Acc, R any] struct {
	// New makes an empty accumulator; nil means the zero value of Acc.
	New func() Acc
	// Add returns the accumulator with one value more.
	Add func(acc Acc, v In) (Acc, error)
	// Result makes the result from the accumulator. The result is emitted, so it must not
	// refer to memory that a later Add changes in place.
	Result func(acc Acc) (R, error)
	// Merge returns one accumulator that holds the values of both. It is needed where two
	// accumulators of a key become one, as when session windows meet; otherwise it may be nil.
	Merge func(a, b Acc) (Acc, error)
}

// Aggregating makes an Aggregator from two functions: add adds a value to the accumulator,
// which begins as the zero value of Acc, and result makes the result from it.
func Aggregating[In, Acc, R any](add func(acc Acc, v In) (Acc, error), result func(acc Acc) (R, error)) Aggregator[In, Acc, R] {
	return Aggregator[In, Acc, R]{Add: add, Result: result}
}

// WithMerge returns the aggregator with a function that merges accumulators.
func (a Aggregator[In, Acc, R]) WithMerge(merge func(a, b Acc) (Acc, error)) Aggregator[In, Acc, R] {
	a.Merge = merge
	return a
}

// empty returns an empty accumulator.
func (a *Aggregator[In, Acc, R]) empty() (acc Acc) {
	if a.New != nil {
		acc = a.New()
	}
	return acc
}

// check returns an error if a function is missing.
func (a *Aggregator[In, Acc, R]) check() error {
	switch {
	case a.Add == nil:
		return errors.New("the aggregator has no Add")
	case a.Result == nil:
		return errors.New("the aggregator has no Result")
	}
	return nil
}

// KeyValue is a key and what belongs to it.
type KeyValue[K, V any] struct {
	Key   K
	Value V
}

// Aggregate adds the records of each key up, and emits key and result after each record.
// The state is written under the name "aggregate". Acc needs a [Codec].
func Aggregate[K comparable, T, Acc, R any](in Keyed[K, T], name string, fn Aggregator[T, Acc, R], opts ...StateOption) Stream[KeyValue[K, R]] {
	return addKeyed(in, name, "aggregate", func(c *KeyContext[K], out *Out[KeyValue[K, R]]) func(T) error {
		state := declareValue[K, Acc](c, "aggregate", keyed.AggregatingValue, opts)
		return func(v T) error {
			ref, existed := state.Ref()
			if !existed {
				*ref = fn.empty()
			}
			acc, err := fn.Add(*ref, v)
			if err != nil {
				return err
			}
			*ref = acc
			r, err := fn.Result(acc)
			if err != nil {
				return err
			}
			out.Emit(KeyValue[K, R]{Key: c.Key(), Value: r})
			return nil
		}
	}, part{"Add or Result of the aggregator", fn.check() != nil})
}
