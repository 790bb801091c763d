package weir

import (
	"errors"
	"fmt"
	"time"

	"github.com/weirstream/weir/internal/flow"
	"github.com/weirstream/weir/internal/keyed"
	"github.com/weirstream/weir/internal/metrics"
	"github.com/weirstream/weir/window"
)

// lateRecords is the figure that counts records that came when their windows were gone.
const lateRecords = "late_records"

// A windowOp is a subtask of an operator for windows.
type windowOp[K comparable, T, U any] struct {
	keyedBase[K, U]
	w  windows[K, T]
	fn func(T) error
}

func (o *windowOp[K, T, U]) Push(_ int, b flow.Batch) (err error) {
	defer guard(o.c.ctx, &err)
	if o.w.shape.ProcessingTime {
		o.w.now = At(time.Now())
	}
	return pushKeyed(&o.keyedBase, b.(*flow.KeyedVec[K, T]), o.fn)
}

// Mark fires what is due. At the end of the input that is all windows, also those of
// processing time: no record will come for them.
func (o *windowOp[K, T, U]) Mark(m flow.Mark) (err error) {
	defer guard(o.c.ctx, &err)
	if m.Time == MaxTime && o.w.shape.ProcessingTime {
		o.w.ending = true
		err := o.fire([]timerService{o.w.timers}, int64(MaxTime))
		if o.w.ending = false; err != nil {
			return err
		}
	}
	return o.keyedBase.Mark(m)
}

// windows are the windows of a subtask: Flink's WindowOperator. Sessions are in
// windowsession.go, slices in windowslices.go, triggers in windowtrigger.go.
//
// Invariant: a window with contents has a timer for when it is gone, unless that is never.
// Under AtWatermark it has one for its end, unless that has passed.
type windows[K comparable, T any] struct {
	c *KeyContext[K]
	windowPlan
	contents windowContents[T]
	timers   windowTimers // those by which windows end
	rule     *windowRule  // nil under AtWatermark
	late     *Out[T]      // nil if late records go nowhere
	nLate    *metrics.Counter
	sessions *keyed.Slot[window.Sessions] // nil if windows do not merge
	joined   window.Sessions              // what the current window has just become one of
	assigned []window.Bounds

	// The current window, and the times of the timers for its end and for when it is gone.
	window.Bounds
	end, gone Time
	// The watermarks from which on a record fires the window at once, and is late.
	ended, closed Time

	now    Time // the time of the clock for the batch that is processed
	ending bool // the input has ended
}

// A windowContents is what is kept in the windows of the current key.
type windowContents[T any] interface {
	// in makes a window the current one.
	in(w window.Bounds)
	// add adds a record, and reports whether there was something in the window.
	add(v T) (existed bool, err error)
	// emit emits what is in the current window under the name of w, with a timestamp. If
	// there is nothing, it emits nothing.
	emit(w window.Bounds, at Time) error
	clear()
	// absorb moves what is in another window into the current one.
	absorb(from window.Bounds) error
}

// open declares timers and triggers, and returns what processes a record.
func (w *windows[K, T]) open() func(T) error {
	onTimer := w.onTimer
	shared, _ := w.contents.(interface {
		record(T) error
		onTimer(keyed.TimeDomain, Time, window.Bounds) error
	})
	if w.slices {
		onTimer = shared.onTimer
	}
	global := w.shape.Kind == window.KindGlobal
	event := declareWindowTimers(w.c, keyed.EventTime, global, onTimer)
	processing := declareWindowTimers(w.c, keyed.ProcessingTime, global, onTimer)
	if w.timers = event; w.shape.ProcessingTime {
		w.timers = processing
	}
	if !w.trigger.OnlyAtEnd() {
		w.rule = newWindowRule(w, event, processing)
	}
	switch {
	case w.slices:
		return shared.record
	case w.shape.Kind == window.KindSession:
		w.sessions = declareSessions(w.c)
		return w.session
	case w.rule == nil && w.shape.PerRecord() == 1:
		return w.tumbling
	default:
		return w.general
	}
}

// at returns the time by which the record that is being processed is assigned.
func (w *windows[K, T]) at() (Time, error) {
	if w.shape.ProcessingTime {
		return w.now, nil
	}
	at := w.c.at
	if (at == MinTime || at == MaxTime) && w.shape.Kind != window.KindGlobal {
		return at, Permanent(fmt.Errorf("a record for a window of event time has the timestamp %v: %w", at, errTimestampForWindow))
	}
	return at, nil
}

var errTimestampForWindow = errors.New("it has none, or one that is out of range; have the Watermarks of its source return a timestamp for every record")

// enter makes a window the current one.
func (w *windows[K, T]) enter(b window.Bounds) {
	if b != w.Bounds {
		w.enterState(b, b)
	}
}

// enterState makes a window the current one whose contents are kept under another.
func (w *windows[K, T]) enterState(b, state window.Bounds) {
	w.Bounds, w.end, w.gone = b, b.MaxTimestamp(), w.goneAt(b)
	w.ended, w.closed = w.end, w.gone
	if w.shape.ProcessingTime {
		w.ended, w.closed = MaxTime, MaxTime
	}
	w.contents.in(state)
	if w.rule != nil {
		w.rule.in(b)
	}
}

// goneAt returns the time at which a window is removed, MaxTime if that is never.
func (w *windows[K, T]) goneAt(b window.Bounds) Time {
	end := b.MaxTimestamp()
	if end > MaxTime-w.lateness {
		return MaxTime
	}
	return end + w.lateness
}

// tumbling processes a record for windows that do not overlap, under AtWatermark.
func (w *windows[K, T]) tumbling(v T) error {
	at, err := w.at()
	if err != nil {
		return err
	}
	if !w.Contains(at) {
		w.enter(w.shape.Last(at))
	}
	if w.closed <= w.c.watermark {
		w.isLate(v)
		return nil
	}
	existed, err := w.contents.add(v)
	if err != nil || existed && w.ended > w.c.watermark {
		return err
	}
	return w.added(existed)
}

// general processes a record for any windows that do not merge.
func (w *windows[K, T]) general(v T) error {
	at, err := w.at()
	if err != nil {
		return err
	}
	late := true
	w.assigned = w.shape.Append(w.assigned[:0], at)
	for _, b := range w.assigned {
		w.enter(b)
		if w.closed <= w.c.watermark {
			continue
		}
		late = false
		existed, err := w.contents.add(v)
		if err != nil {
			return err
		}
		if err := w.triggered(at, existed); err != nil {
			return err
		}
	}
	if late {
		w.isLate(v)
	}
	return nil
}

// triggered does what is to be done after a record was added to the current window.
func (w *windows[K, T]) triggered(at Time, existed bool) error {
	if w.rule == nil {
		return w.added(existed)
	}
	if err := w.apply(w.rule.OnRecord(at, w.Bounds)); err != nil {
		return err
	}
	if !existed {
		w.setGone()
	}
	return nil
}

// added does what AtWatermark does after a record was added to the current window.
func (w *windows[K, T]) added(existed bool) error {
	ended := w.ended <= w.c.watermark
	if !existed {
		if !ended {
			w.timers.register(w.end, w.Bounds)
		}
		if ended || w.gone != w.end {
			w.setGone()
		}
	}
	if ended {
		return w.emit()
	}
	return nil
}

// setGone sets the timer for when the current window is gone.
func (w *windows[K, T]) setGone() {
	if w.gone != MaxTime {
		w.timers.register(w.gone, w.Bounds)
	}
}

// isLate counts a record whose windows are gone, and passes it on.
func (w *windows[K, T]) isLate(v T) {
	w.nLate.Add(1)
	if w.late != nil {
		w.late.Emit(v)
	}
}

// apply does what a trigger says.
func (w *windows[K, T]) apply(r window.Result) error {
	if r.Fires() {
		if err := w.emit(); err != nil {
			return err
		}
	}
	if r.Purges() {
		w.contents.clear()
	}
	return nil
}

// emit emits what is in the current window.
func (w *windows[K, T]) emit() error { return w.contents.emit(w.Bounds, w.stampOf(w.Bounds)) }

// stampOf returns the timestamp of what a window emits.
func (w *windows[K, T]) stampOf(b window.Bounds) Time {
	if b == window.Everything {
		return min(w.c.at, MaxTime-1)
	}
	return b.MaxTimestamp()
}

// onTimer is called when a timer of a window fires.
func (w *windows[K, T]) onTimer(domain keyed.TimeDomain, at Time, b window.Bounds) error {
	state, ok := w.stateOf(b)
	if !ok {
		return nil // a session that has grown: its trigger has left a timer
	}
	w.enterState(b, state)
	own := (domain == keyed.ProcessingTime) == w.shape.ProcessingTime
	if err := w.apply(w.decide(domain, at, own)); err != nil {
		return err
	}
	if own && at == w.gone {
		w.contents.clear()
		if w.rule != nil {
			w.rule.Clear(b)
		}
		w.forget(b)
	}
	return nil
}

// decide returns what the trigger says about a timer.
func (w *windows[K, T]) decide(domain keyed.TimeDomain, at Time, own bool) window.Result {
	switch {
	case w.rule == nil && own && at == w.end:
		return window.Fire
	case w.rule == nil:
		return window.Continue
	case domain == keyed.EventTime:
		return w.rule.OnEventTime(at, w.Bounds)
	default:
		return w.rule.OnProcessingTime(at, w.Bounds)
	}
}
