package weir

import "github.com/weirstream/weir/internal/keyed"

// Reduce joins all records of a key into one, and emits it as it is after each record:
// the first record of a key as it came, then what fn makes of the value so far and the
// next record. The state is written under the name "reduce". T needs a [Codec].
//
// What fn returns is kept and emitted, so it must not change soFar in place, if that is or
// holds a slice or a map: it has been emitted, and may be on its way to another task.
func Reduce[K comparable, T any](in Keyed[K, T], name string, fn func(soFar, next T) (T, error), opts ...StateOption) Stream[T] {
	return addKeyed(in, name, "reduce", func(c *KeyContext[K], out *Out[T]) func(T) error {
		state := declareValue[K, T](c, "reduce", keyed.ReducingValue, opts)
		return func(v T) (err error) {
			ref, existed := state.Ref()
			if existed {
				if v, err = fn(*ref, v); err != nil {
					return err
				}
			}
			*ref = v
			out.Emit(v)
			return nil
		}
	}, part{"function", fn == nil})
}
