package weir

import (
	"errors"
	"fmt"
	"time"

	"github.com/weirstream/weir/internal/flow"
	"github.com/weirstream/weir/internal/plan"
	"github.com/weirstream/weir/window"
)

// Windowed is a keyed stream whose records are in windows. What is made of them,
// [AggregateWindow], [ReduceWindow] or [ProcessWindow] says.
//
// A record is late when the windows it belongs to are gone: the watermark has come to
// their end, and the allowed lateness has passed as well. Late records are counted in the
// figure "late_records" of the operator, and go to the side output of LateTo, if there is
// one.
type Windowed[K comparable, T any] struct {
	in       Keyed[K, T]
	assigner window.Assigner
	trigger  window.Trigger
	lateness time.Duration
	late     Tag[T]
	// has says what was called.
	has struct{ trigger, late bool }
}

// Window puts the records of each key into windows. Package window has the kinds.
//
//	perMinute := weir.Window(byPage, window.Tumbling(time.Minute)).
//		AllowedLateness(10 * time.Second).
//		LateTo(late)
//	counts := weir.AggregateWindow(perMinute, "per minute", weir.Count[Click]())
func Window[K comparable, T any](in Keyed[K, T], w window.Assigner) Windowed[K, T] {
	return Windowed[K, T]{in: in, assigner: w}
}

// Trigger says when windows fire, in place of window.AtWatermark.
func (w Windowed[K, T]) Trigger(t window.Trigger) Windowed[K, T] {
	w.trigger, w.has.trigger = t, true
	return w
}

// AllowedLateness keeps windows of event time for so long after the watermark has come to
// their end. A record that comes meanwhile is added, and the window fires again.
func (w Windowed[K, T]) AllowedLateness(d time.Duration) Windowed[K, T] {
	w.lateness = d
	return w
}

// LateTo has late records go to a side output. Read it with [SideOutput].
func (w Windowed[K, T]) LateTo(tag Tag[T]) Windowed[K, T] {
	w.late, w.has.late = tag, true
	return w
}

// Pane is a result for a key and a window: what a window has shown when it fired. Its
// timestamp is the last millisecond of the window. The bounds of the global window are
// MinTime and MaxTime; the timestamp then is that of the record or timer that made it fire.
type Pane[K comparable, R any] struct {
	Key        K
	Start, End Time
	Value      R
}

// A windowPlan is what is known of windows when the job is built.
type windowPlan struct {
	shape    window.Shape
	trigger  window.Trigger
	lateness Time // in milliseconds
	// slices says that windows share what they have in common.
	slices bool
}

const (
	// mostWindows is how many windows a record may be in if each has its own state.
	mostWindows = 1000
	// mostSlices is how many slices a window may have.
	mostSlices = 100_000
)

// A merging says what can be done with the contents of two windows.
type merging uint8

const (
	neverMerge merging = iota
	canMerge           // they can become one, as when sessions do
	canShare           // a part of them can be added up once for several windows
)

// plan checks the windows.
func (w *Windowed[K, T]) plan(contents merging) (windowPlan, error) {
	p := windowPlan{shape: w.assigner.Shape(), trigger: w.trigger, lateness: Time(w.lateness / time.Millisecond)}
	var errs []error
	fail := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	if err := w.assigner.Check(); err != nil {
		errs = append(errs, err)
	}
	if !w.has.trigger {
		var ok bool
		if p.trigger, ok = w.assigner.DefaultTrigger(); !ok {
			fail("%v never ends, and has no trigger: say by Trigger when it fires, as window.EveryCount", w.assigner)
		}
	} else if err := p.trigger.Check(); err != nil {
		errs = append(errs, err)
	}
	switch {
	case w.lateness < 0 || w.lateness%time.Millisecond != 0:
		fail("allowed lateness %v: want 0 or more, in whole milliseconds", w.lateness)
	case w.lateness > 0 && p.shape.ProcessingTime:
		fail("allowed lateness %v: windows of processing time have no late records", w.lateness)
	}
	if w.has.late && w.late.name == "" {
		fail("LateTo has a tag without a name: make it with NewTag")
	}
	if len(errs) > 0 {
		return p, errors.Join(errs...)
	}
	p.slices = contents == canShare && p.trigger.OnlyAtEnd() && p.shape.Kind == window.KindAligned && p.shape.Slide < p.shape.Size
	switch {
	case p.shape.Kind == window.KindSession && contents == neverMerge:
		fail("%v become one when a record comes in between, and the aggregator cannot merge: give it a function by WithMerge", w.assigner)
	case !p.slices && p.shape.PerRecord() > mostWindows:
		fail("%v: a record would be in %d windows with a state for each, want at most %d: slide further, or let windows share their state, which they do with an aggregator that has Merge and without a trigger", w.assigner, p.shape.PerRecord(), mostWindows)
	case p.slices && p.shape.Slices() > mostSlices:
		fail("%v: a window would have %d parts to put together, want at most %d: slide further, by a part of the size", w.assigner, p.shape.Slices(), mostSlices)
	}
	return p, errors.Join(errs...)
}

// addWindow adds an operator for windows. open declares what is kept in them.
func addWindow[K comparable, T, U any](in Windowed[K, T], name, kind string, contents merging, open func(*KeyContext[K], *Out[U], *windows[K, T]) windowContents[T], needs part) Stream[U] {
	job := in.in.stream.owner()
	p, err := in.plan(contents)
	if err != nil {
		job.p().Fail(fmt.Errorf("%s: %s %s: %w", caller(), kind, name, err))
	}
	return add[U](job, &plan.Node{
		Kind:      kind,
		Name:      name,
		Inputs:    []plan.Edge{in.in.edge(kind + " " + name)},
		NeedsTime: !p.shape.ProcessingTime && p.shape.Kind != window.KindGlobal,
		New: func(ctx *flow.Context, out flow.Output) (flow.Operator, error) {
			o := &windowOp[K, T, U]{}
			err := o.openKeyed(in.in.keying, ctx, out, func(c *KeyContext[K], out *Out[U]) bool {
				o.w = windows[K, T]{c: c, windowPlan: p, nLate: ctx.Metrics.Counter(lateRecords)}
				if in.has.late {
					o.w.late = Side(c, in.late)
				}
				if o.w.contents = open(c, out, &o.w); o.w.contents == nil {
					return false
				}
				o.fn = o.w.open()
				return true
			})
			if err != nil {
				return nil, err
			}
			return o, nil
		},
	}, needs)
}
