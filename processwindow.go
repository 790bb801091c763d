package weir

import (
	"iter"

	"github.com/weirstream/weir/window"
)

// ProcessWindow keeps all records of each key and window, and runs a function of its own
// over them when the window fires. open is called once in each subtask before the first
// record. It may declare state and timers per key, and returns the function. The function is
// given the window and its records in the order in which they came, and emits any number of
// records; they have the timestamp of the window's last millisecond.
//
// Keeping all records takes memory: where an aggregator can do it, use [AggregateWindow],
// and process what comes of it. The records are the state's own: do not change them, nor
// what they refer to. A record is in every sliding window it belongs to.
//
// The state is written under the name "window-contents". T needs a [Codec].
func ProcessWindow[K comparable, T, U any](in Windowed[K, T], name string, open func(*KeyContext[K], *Out[U]) func(w window.Bounds, all iter.Seq[T]) error, opts ...StateOption) Stream[U] {
	return addWindow(in, name, "window", canMerge, func(c *KeyContext[K], out *Out[U], w *windows[K, T]) windowContents[T] {
		of, err := chosen[T](collect(opts).codec)
		if err != nil {
			c.failState(windowContentsName, err)
			return nil
		}
		s := &listedWindows[K, T]{c: c, windowList: declareWindowList(c, w.shape.Kind == window.KindGlobal, windowContentsName, of)}
		if s.fn = open(c, out); s.fn == nil {
			return nil
		}
		return s
	}, part{"function", open == nil})
}

// listedWindows are windows with a list of their records each.
type listedWindows[K comparable, T any] struct {
	c *KeyContext[K]
	windowList[T]
	fn  func(window.Bounds, iter.Seq[T]) error
	now window.Bounds // the current window
}

func (s *listedWindows[K, T]) in(w window.Bounds) {
	s.now = w
	s.windowList.in(w)
}

func (s *listedWindows[K, T]) add(v T) (existed bool, err error) {
	existed = s.Len() > 0
	s.Add(v)
	return existed, nil
}

func (s *listedWindows[K, T]) emit(w window.Bounds, at Time) error {
	if s.Len() == 0 {
		return nil
	}
	s.c.stamp(at)
	err := s.fn(w, s.All())
	s.c.stamp(s.c.at)
	return err
}

func (s *listedWindows[K, T]) clear() { s.Clear() }

func (s *listedWindows[K, T]) absorb(from window.Bounds) error {
	into := s.now
	s.in(from)
	var all []T
	for v := range s.All() {
		all = append(all, v)
	}
	s.Clear()
	s.in(into)
	for _, v := range all {
		s.Add(v)
	}
	return nil
}
