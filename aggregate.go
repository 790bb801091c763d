package weir

import "github.com/weirstream/weir/internal/keyed"

// An Aggregator adds values up in an accumulator: what a mean, a top ten or a count
// distinct is made of. The accumulator is kept as state. Add may change it in place, but
// must not keep it.
type Aggregator[In, Acc, R any] struct {
	// New makes an empty accumulator; nil means the zero value of Acc.
	New func() Acc
	// Add returns the accumulator with one value more.
	Add func(acc Acc, v In) (Acc, error)
	// Result is what the accumulator stands for. It is emitted: it must not refer to memory
	// that a later Add changes in place.
	Result func(acc Acc) (R, error)
}

// KeyValue is a key and what belongs to it.
type KeyValue[K, V any] struct {
	Key   K
	Value V
}

// Aggregate adds the records of each key up, and emits key and result after each record.
// The state is written under the name "aggregate". Acc needs a [Codec].
func Aggregate[K comparable, T, Acc, R any](in Keyed[K, T], name string, fn Aggregator[T, Acc, R], own ...Codec[Acc]) Stream[KeyValue[K, R]] {
	return addKeyed(in, name, "aggregate", func(c *KeyContext[K]) ProcessFunc[T, KeyValue[K, R]] {
		state := declareValue(c, "aggregate", keyed.AggregatingValue, own)
		return func(v T, out *Out[KeyValue[K, R]]) error {
			ref, existed := state.Ref()
			if !existed && fn.New != nil {
				*ref = fn.New()
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
	})
}
