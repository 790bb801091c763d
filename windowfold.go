package weir

import (
	"github.com/weirstream/weir/internal/keyed"
	"github.com/weirstream/weir/window"
)

// A windowFold says how the records of a window are put together: by an aggregator, or a
// reduce function.
type windowFold[T, Acc any] struct {
	kind keyed.Kind
	// add adds a record to an accumulator, which is new unless it existed.
	add func(acc *Acc, existed bool, v T) error
	// merge returns what is in two accumulators. It may change a, and leaves b as it is. It
	// is nil if that is not possible.
	merge func(a, b Acc) (Acc, error)
	// own returns an accumulator of the same that merge may change.
	own func(acc Acc) (Acc, error)
	// emit emits the result.
	emit func(acc Acc, w window.Bounds, at Time) error
}

// merging says what can be done with two accumulators.
func (f *windowFold[T, Acc]) merging() merging {
	if f.merge == nil {
		return neverMerge
	}
	return canShare
}

// openFold declares the contents of windows that are put together.
func openFold[K comparable, T, Acc any](w *windows[K, T], f windowFold[T, Acc], opts []StateOption) windowContents[T] {
	of, err := chosen[Acc](collect(opts).codec)
	if err != nil {
		w.c.failState(windowContentsName, err)
		return nil
	}
	if w.slices {
		return openSlices(w, f, of)
	}
	return &foldedWindows[T, Acc]{fold: f, windowValue: declareWindowValue(w.c, w.shape.Kind == window.KindGlobal, windowContentsName, f.kind, of)}
}

// foldedWindows are windows with an accumulator each.
type foldedWindows[T, Acc any] struct {
	fold windowFold[T, Acc]
	windowValue[Acc]
	now window.Bounds // the current window
}

func (s *foldedWindows[T, Acc]) in(w window.Bounds) {
	s.now = w
	s.windowValue.in(w)
}

func (s *foldedWindows[T, Acc]) add(v T) (existed bool, err error) {
	acc, existed := s.Ref()
	return existed, s.fold.add(acc, existed, v)
}

func (s *foldedWindows[T, Acc]) emit(w window.Bounds, at Time) error {
	acc, ok := s.Get()
	if !ok {
		return nil
	}
	return s.fold.emit(acc, w, at)
}

func (s *foldedWindows[T, Acc]) clear() { s.Clear() }

func (s *foldedWindows[T, Acc]) absorb(from window.Bounds) (err error) {
	into := s.now
	s.in(from)
	acc, ok := s.Get()
	s.Clear()
	s.in(into)
	if !ok {
		return nil
	}
	all, existed := s.Ref()
	if existed {
		if acc, err = s.fold.merge(*all, acc); err != nil {
			return err
		}
	}
	*all = acc
	return nil
}
