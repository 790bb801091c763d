package weir

import (
	"github.com/weirstream/weir/internal/flow"
	"github.com/weirstream/weir/internal/keyed"
)

// Reduce joins all records of a key into one, and emits it as it is after each record:
// the first record of a key as it came, then what fn makes of the value so far and the
// next record. The state is written under the name "reduce". T needs a [Codec].
func Reduce[K comparable, T any](in Keyed[K, T], name string, fn func(soFar, next T) (T, error), own ...Codec[T]) Stream[T] {
	return addKeyed[K, T, T](in, name, "reduce", func(c *KeyContext[K], out *Out[T]) func(*flow.KeyedVec[K, T]) error {
		state := declareValue(c, "reduce", keyed.ReducingValue, own)
		current := &c.backend.Current
		return func(in *flow.KeyedVec[K, T]) error {
			for i, v := range in.Values {
				current.Set(in.Keys[i], in.Groups[i])
				ref, existed := state.Ref()
				if existed {
					var err error
					if v, err = fn(*ref, v); err != nil {
						return blame(c.ctx, err)
					}
				}
				*ref = v
				out.Emit(v)
			}
			return nil
		}
	})
}
