package weir

import (
	"github.com/weirstream/weir/internal/keyed"
	"github.com/weirstream/weir/window"
)

// AggregateWindow adds the records of each key and window up, as they come, and emits the
// result when the window fires. What is kept for a window is one accumulator.
//
// Session windows need an aggregator with Merge, as all ready-made ones are. Sliding windows
// share their state if there is one, unless they have a trigger of their own: each record is
// added up once, and the parts are merged when a window fires. Decision 023 says what the
// state is then.
//
// The state is written under the name "window-contents". Acc needs a [Codec].
func AggregateWindow[K comparable, T, Acc, R any](in Windowed[K, T], name string, fn Aggregator[T, Acc, R], opts ...StateOption) Stream[Pane[K, R]] {
	f := windowFold[T, Acc]{
		kind: keyed.AggregatingValue,
		add: func(acc *Acc, existed bool, v T) error {
			if !existed {
				*acc = fn.empty()
			}
			next, err := fn.Add(*acc, v)
			if err == nil {
				*acc = next
			}
			return err
		},
		merge: fn.Merge,
		own:   func(acc Acc) (Acc, error) { return fn.Merge(fn.empty(), acc) },
	}
	return addWindow(in, name, "window", f.merging(), func(c *KeyContext[K], out *Out[Pane[K, R]], w *windows[K, T]) windowContents[T] {
		f := f
		f.emit = func(acc Acc, b window.Bounds, at Time) error {
			r, err := fn.Result(acc)
			if err != nil {
				return err
			}
			out.EmitAt(Pane[K, R]{c.Key(), b.Start, b.End, r}, at)
			return nil
		}
		return openFold(w, f, opts)
	}, part{"Add or Result of the aggregator", fn.check() != nil})
}
