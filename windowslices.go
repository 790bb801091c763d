package weir

import (
	"slices"

	"github.com/weirstream/weir/flink"
	"github.com/weirstream/weir/internal/codec"
	"github.com/weirstream/weir/internal/keyed"
	"github.com/weirstream/weir/window"
)

// slicedWindows are sliding windows that share their state, under AtWatermark. Each key has
// an accumulator for each slice; see window.Shape.Slice. What is in a window is merged when it
// fires.
//
// A slice has a timer for the earliest of its windows that has not ended. Each window that
// fires sets the timer of the next one, if there is a slice in it: so there is about one
// timer per key, and not one per window. With the last of its windows the slice goes; if
// lateness is allowed it has a timer for that, in the name of that window.
type slicedWindows[K comparable, T, Acc any] struct {
	*windows[K, T]
	fold  windowFold[T, Acc]
	state *keyed.Slot[sliceList[Acc]]
	// The current slice is the current window. first and last are the windows that it is in.
	first, last window.Bounds
}

// A sliceList is the slices of a key, in the order of their starts.
type sliceList[Acc any] []sliceOf[Acc]

type sliceOf[Acc any] struct {
	window.Bounds
	acc Acc
}

func openSlices[K comparable, T, Acc any](w *windows[K, T], f windowFold[T, Acc], of codec.Codec[Acc]) windowContents[T] {
	const name = "window-slices"
	element := flink.Tuple(flink.TimeWindow, of.Serializer())
	values, err := keyed.NewCells(w.c.backend, flink.ListStateMeta(name, element), keyed.Voids, codec.Codec[sliceList[Acc]](&slicesCodec[Acc]{of, flink.ListOf(element)}))
	if err != nil {
		w.c.failState(name, err)
	}
	return &slicedWindows[K, T, Acc]{windows: w, fold: f, state: values.In(keyed.Void{})}
}

// record processes a record.
func (s *slicedWindows[K, T, Acc]) record(v T) error {
	at, err := s.at()
	if err != nil {
		return err
	}
	if !s.Contains(at) {
		s.enterSlice(at)
	}
	if s.closed <= s.c.watermark {
		s.isLate(v)
		return nil
	}
	list, _ := s.state.Ref()
	i, existed := list.find(s.Start)
	if !existed {
		*list = slices.Insert(*list, i, sliceOf[Acc]{Bounds: s.Bounds})
	}
	if err := s.fold.add(&(*list)[i].acc, existed, v); err != nil {
		return err
	}
	if existed && s.ended > s.c.watermark {
		return nil
	}
	return s.added(existed)
}

// enterSlice makes the slice of a time the current one.
func (s *slicedWindows[K, T, Acc]) enterSlice(at Time) {
	s.Bounds = s.shape.Slice(at)
	s.first, s.last = s.shape.First(at), s.shape.Last(at)
	s.gone = s.goneAt(s.last)
	s.ended, s.closed = s.first.MaxTimestamp(), s.gone
	if s.shape.ProcessingTime {
		s.ended, s.closed = MaxTime, MaxTime
	}
}

// added fires the windows of the current slice that have ended, and sets the timer of the
// first one that has not.
func (s *slicedWindows[K, T, Acc]) added(existed bool) error {
	if !existed && s.lateness > 0 && s.gone != MaxTime {
		s.timers.register(s.gone, s.last)
	}
	s.assigned = s.shape.Append(s.assigned[:0], s.Start)
	for _, b := range slices.Backward(s.assigned) {
		switch end := b.MaxTimestamp(); {
		case s.shape.ProcessingTime || end > s.c.watermark:
			if !existed {
				s.timers.register(end, b)
			}
			return nil
		case s.goneAt(b) > s.c.watermark:
			if err := s.emit(b, end); err != nil {
				return err
			}
		}
	}
	return nil
}

// find returns where the slice is, or would be, that begins at a time.
func (l sliceList[Acc]) find(start Time) (i int, found bool) {
	// Most records are for the latest slice.
	for i = len(l); i > 0; i-- {
		if at := l[i-1].Start; at <= start {
			if at == start {
				return i - 1, true
			}
			break
		}
	}
	return i, false
}

// emit merges what is in a window, and emits it.
func (s *slicedWindows[K, T, Acc]) emit(w window.Bounds, at Time) (err error) {
	list, _ := s.state.Get()
	var sum Acc
	any := false
	for i := range list {
		part := &list[i]
		switch {
		case part.Start < w.Start || part.Start >= w.End:
			continue
		case any:
			sum, err = s.fold.merge(sum, part.acc)
		default:
			sum, err = s.fold.own(part.acc)
		}
		if err != nil {
			return err
		}
		any = true
	}
	if !any {
		return nil
	}
	return s.fold.emit(sum, w, at)
}

// onTimer is called when the timer of a window fires.
func (s *slicedWindows[K, T, Acc]) onTimer(domain keyed.TimeDomain, at Time, b window.Bounds) error {
	if end := b.MaxTimestamp(); at == end {
		if err := s.emit(b, end); err != nil {
			return err
		}
		s.next(b)
	}
	if at == s.goneAt(b) {
		s.drop(b)
	}
	return nil
}

// next sets the timer of the window after one that has fired, if there is a slice for it.
func (s *slicedWindows[K, T, Acc]) next(b window.Bounds) {
	n, ok := s.shape.Next(b)
	if !ok {
		return
	}
	list, _ := s.state.Get()
	for i := range list {
		if start := list[i].Start; start >= n.Start {
			if start < n.End {
				s.timers.register(n.MaxTimestamp(), n)
			}
			return
		}
	}
}

// drop removes the slices whose last window is gone.
func (s *slicedWindows[K, T, Acc]) drop(last window.Bounds) {
	list, ok := s.state.Get()
	n := 0
	for n < len(list) && s.shape.Last(list[n].Start).End <= last.End {
		n++
	}
	switch {
	case !ok || n == 0:
	case n == len(list):
		s.state.Clear()
	default:
		s.state.Set(slices.Delete(list, 0, n))
	}
}

// What slicedWindows need not do: a window is no place of its own.

func (s *slicedWindows[K, T, Acc]) in(window.Bounds) {}
func (s *slicedWindows[K, T, Acc]) add(T) (bool, error) {
	panic("sliding windows add records to slices")
}
func (s *slicedWindows[K, T, Acc]) clear()                     {}
func (s *slicedWindows[K, T, Acc]) absorb(window.Bounds) error { panic("sliding windows do not merge") }

// slicesCodec writes slices as a list of pairs of bounds and accumulator.
type slicesCodec[Acc any] struct {
	acc        codec.Codec[Acc]
	serializer flink.Serializer
}

func (c *slicesCodec[Acc]) Serializer() flink.Serializer { return c.serializer }

func (c *slicesCodec[Acc]) Append(dst []byte, l sliceList[Acc]) (_ []byte, err error) {
	out := flink.AppendI32(dst, int32(len(l)))
	for i := range l {
		out = flink.AppendI64(flink.AppendI64(out, int64(l[i].Start)), int64(l[i].End))
		if out, err = c.acc.Append(out, l[i].acc); err != nil {
			return dst, err
		}
	}
	return out, nil
}

func (c *slicesCodec[Acc]) Decode(src []byte) (sliceList[Acc], int, error) {
	cursor := flink.NewCursor(src)
	n := cursor.Count("slices", 16)
	var l sliceList[Acc]
	for range n {
		s := sliceOf[Acc]{Bounds: window.Bounds{Start: Time(cursor.I64()), End: Time(cursor.I64())}}
		if err := cursor.Err(); err != nil {
			return nil, 0, err
		}
		acc, size, err := c.acc.Decode(src[cursor.Offset():])
		if err != nil {
			return nil, 0, err
		}
		cursor.Bytes(size)
		s.acc = acc
		l = append(l, s)
	}
	return l, cursor.Offset(), cursor.Err()
}
