package weir

import (
	"github.com/weirstream/weir/internal/keyed"
	"github.com/weirstream/weir/window"
)

// ReduceWindow joins the records of each key and window into one, as they come, and emits it
// when the window fires: the first record as it came, then what fn makes of the value so far
// and the next record. fn must not change what it is given, and must not care in which
// order parts are joined: sliding windows share what they have in common, and sessions
// become one. The state is written under the name "window-contents". T needs a [Codec].
func ReduceWindow[K comparable, T any](in Windowed[K, T], name string, fn func(soFar, next T) (T, error), opts ...StateOption) Stream[Pane[K, T]] {
	f := windowFold[T, T]{
		kind: keyed.ReducingValue,
		add: func(acc *T, existed bool, v T) (err error) {
			if existed {
				if v, err = fn(*acc, v); err != nil {
					return err
				}
			}
			*acc = v
			return nil
		},
		merge: fn,
		own:   func(v T) (T, error) { return v, nil },
	}
	return addWindow(in, name, "window", canShare, func(c *KeyContext[K], out *Out[Pane[K, T]], w *windows[K, T]) windowContents[T] {
		f := f
		f.emit = func(v T, b window.Bounds, at Time) error {
			out.EmitAt(Pane[K, T]{c.Key(), b.Start, b.End, v}, at)
			return nil
		}
		return openFold(w, f, opts)
	}, part{"function", fn == nil})
}
