package window

import (
	"errors"
	"fmt"
	"time"

	"github.com/weirstream/weir/eventtime"
)

// AtWatermark fires when time has come to the end of a window: the watermark, or the clock
// for windows of processing time (Flink's EventTimeTrigger and ProcessingTimeTrigger). A
// record that comes after it, and within the allowed lateness, fires the window again at
// once. It is what windows do without a trigger; the global window ends with the input.
func AtWatermark() Trigger {
	return Trigger{atEnd: true, open: func(c Context) Rule { return atEnd{c: c} }}
}

// Early has the trigger AtWatermark fire before the end of the window too: d of processing
// time after the first record, and again d after the first record that came since. Further
// triggers are made of AtWatermark only.
func (t Trigger) Early(d time.Duration) Trigger {
	switch err := checkLength("early firing every", d); {
	case t.err != nil:
		return t
	case err != nil:
		return Trigger{err: err}
	case !t.atEnd:
		return Trigger{err: fmt.Errorf("early firing every %v: %w", d, errNotEarly)}
	}
	return By(func(c Context) Rule {
		return early{atEnd{c}, d.Milliseconds(), c.Number("fire-time", earliest)}
	})
}

var errNotEarly = errors.New("only AtWatermark has early firings: call Early on it, and Purge after that")

func earliest(a, b int64) int64 { return min(a, b) }

// atEnd fires at the end of a window.
type atEnd struct{ c Context }

func (e atEnd) OnRecord(_ eventtime.Time, w Bounds) Result {
	switch end := w.MaxTimestamp(); {
	case e.c.ProcessingTime():
		e.c.ProcessingTimer(end)
	case end <= e.c.Watermark():
		return Fire
	default:
		e.c.EventTimer(end)
	}
	return Continue
}

func (e atEnd) OnEventTime(at eventtime.Time, w Bounds) Result {
	return e.on(at, w, !e.c.ProcessingTime())
}

func (e atEnd) OnProcessingTime(at eventtime.Time, w Bounds) Result {
	return e.on(at, w, e.c.ProcessingTime())
}

func (e atEnd) on(at eventtime.Time, w Bounds, own bool) Result {
	if own && at == w.MaxTimestamp() {
		return Fire
	}
	return Continue
}

func (e atEnd) OnMerge(w Bounds) {
	switch end := w.MaxTimestamp(); {
	case e.c.ProcessingTime():
		e.c.ProcessingTimer(end)
	case end > e.c.Watermark():
		e.c.EventTimer(end)
	}
}

func (e atEnd) Clear(w Bounds) {
	if e.c.ProcessingTime() {
		e.c.DeleteProcessingTimer(w.MaxTimestamp())
	} else {
		e.c.DeleteEventTimer(w.MaxTimestamp())
	}
}

// early fires at the end of a window and before it.
type early struct {
	atEnd
	every int64
	next  Number // when it fires early, if a record has come since it did
}

func (e early) OnRecord(at eventtime.Time, w Bounds) Result {
	if r := e.atEnd.OnRecord(at, w); r.Fires() {
		return r
	}
	if _, ok := e.next.Get(); !ok {
		next := e.c.Now() + eventtime.Time(e.every)
		e.next.Set(int64(next))
		e.c.ProcessingTimer(next)
	}
	return Continue
}

func (e early) OnEventTime(at eventtime.Time, w Bounds) Result {
	r := e.atEnd.OnEventTime(at, w)
	if r.Fires() {
		e.calm()
	}
	return r
}

func (e early) OnProcessingTime(at eventtime.Time, w Bounds) Result {
	if r := e.atEnd.OnProcessingTime(at, w); r.Fires() {
		e.calm()
		return r
	}
	if next, ok := e.next.Get(); ok && next == int64(at) {
		e.next.Clear()
		return Fire
	}
	return Continue
}

// calm takes the next early firing back.
func (e early) calm() {
	if next, ok := e.next.Get(); ok {
		e.c.DeleteProcessingTimer(eventtime.Time(next))
		e.next.Clear()
	}
}

func (e early) OnMerge(w Bounds) {
	e.atEnd.OnMerge(w)
	e.next.Merge()
	if next, ok := e.next.Get(); ok {
		e.c.ProcessingTimer(eventtime.Time(next))
	}
}

func (e early) Clear(w Bounds) {
	e.atEnd.Clear(w)
	e.calm()
}
