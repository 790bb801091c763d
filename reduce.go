package weir

import "github.com/weirstream/weir/internal/keyed"

// Reduce keeps one record for each key, and emits it after each record of the key: first the
// first record as it came, then what fn makes of the kept record and the next one. The state
// is written under the name "reduce". T needs a [Codec].
//
// What fn returns is kept and emitted. So fn must not change soFar in place, if that is or
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
