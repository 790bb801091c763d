package weir

import (
	"errors"

	"github.com/weirstream/weir/flink"
	"github.com/weirstream/weir/internal/codec"
	"github.com/weirstream/weir/internal/keyed"
	"github.com/weirstream/weir/window"
)

// session processes a record for windows that merge.
func (w *windows[K, T]) session(v T) error {
	at, err := w.at()
	if err != nil {
		return err
	}
	own := w.shape.Last(at)
	w.joined = w.joined[:0]
	set, _ := w.sessions.Get()
	i := set.Find(own)
	if i < 0 {
		if !w.shape.ProcessingTime && w.goneAt(own) <= w.c.watermark && !set.Touches(own) {
			w.isLate(v)
			return nil
		}
		set, i, w.joined = set.Join(own, w.joined)
		w.sessions.Set(set)
	}
	w.enterState(set[i].Window, set[i].State)
	if len(w.joined) > 0 {
		if err := w.join(); err != nil {
			return err
		}
	}
	existed, err := w.contents.add(v)
	if err != nil {
		return err
	}
	return w.triggered(at, existed && len(w.joined) == 0)
}

// join makes the current window of those that it has joined.
func (w *windows[K, T]) join() error {
	for _, j := range w.joined[1:] { // the state of the first is that of the current one
		if err := w.contents.absorb(j.State); err != nil {
			return err
		}
	}
	if w.rule != nil {
		w.rule.OnMerge(w.Bounds)
	}
	for _, j := range w.joined {
		if w.rule != nil {
			w.rule.in(j.Window)
			w.rule.Clear(j.Window)
		} else if end := j.Window.MaxTimestamp(); w.shape.ProcessingTime || end > w.c.watermark {
			w.timers.delete(end, j.Window)
		}
		if gone := w.goneAt(j.Window); gone != MaxTime {
			w.timers.delete(gone, j.Window)
		}
	}
	if w.rule != nil {
		w.rule.in(w.Bounds)
	}
	return nil
}

// stateOf returns the window under which the contents of a window are kept, and whether
// there is that window.
func (w *windows[K, T]) stateOf(b window.Bounds) (window.Bounds, bool) {
	if w.sessions == nil {
		return b, true
	}
	set, _ := w.sessions.Get()
	i := set.Index(b)
	if i < 0 {
		return b, false
	}
	return set[i].State, true
}

// forget removes a session.
func (w *windows[K, T]) forget(b window.Bounds) {
	if w.sessions == nil {
		return
	}
	set, _ := w.sessions.Get()
	i := set.Index(b)
	if set = append(set[:i], set[i+1:]...); len(set) == 0 {
		w.sessions.Clear()
		return
	}
	w.sessions.Set(set)
}

// declareSessions declares the state that says which sessions a key has.
func declareSessions[K comparable](c *KeyContext[K]) *keyed.Slot[window.Sessions] {
	const name = "merging-window-set"
	values, err := keyed.NewCells(c.backend, flink.ListStateMeta(name, spanSerializer), keyed.Voids, codec.Codec[window.Sessions](sessionsCodec{}))
	if err != nil {
		c.failState(name, err)
	}
	return values.In(keyed.Void{})
}

var (
	spanSerializer     = flink.Tuple(flink.TimeWindow, flink.TimeWindow)
	sessionsSerializer = flink.ListOf(spanSerializer)
	errNoRule          = errors.New("the function that makes the rule of a trigger returned nil")
)

// sessionsCodec writes sessions as Flink does: a list of pairs of the window and the window
// of its state.
type sessionsCodec struct{}

func (sessionsCodec) Serializer() flink.Serializer { return sessionsSerializer }

func (sessionsCodec) Append(dst []byte, set window.Sessions) ([]byte, error) {
	dst = flink.AppendI32(dst, int32(len(set)))
	for _, s := range set {
		for _, at := range [...]Time{s.Window.Start, s.Window.End, s.State.Start, s.State.End} {
			dst = flink.AppendI64(dst, int64(at))
		}
	}
	return dst, nil
}

func (sessionsCodec) Decode(src []byte) (window.Sessions, int, error) {
	c := flink.NewCursor(src)
	n := c.Count("sessions", 32)
	if err := c.Err(); err != nil {
		return nil, 0, err
	}
	set := make(window.Sessions, n)
	for i := range set {
		s := &set[i]
		for _, at := range [...]*Time{&s.Window.Start, &s.Window.End, &s.State.Start, &s.State.End} {
			*at = Time(c.I64())
		}
	}
	set.Sort() // Flink writes them in no order
	return set, c.Offset(), c.Err()
}
