package window

import (
	"time"

	"github.com/weirstream/weir/eventtime"
)

// Every fires at every whole multiple of d as long as a window goes on, from its first
// record, and at its end: in event time, or in processing time for windows of that (Flink's
// ContinuousEventTimeTrigger and ContinuousProcessingTimeTrigger).
func Every(d time.Duration) Trigger {
	if err := checkLength("firing every", d); err != nil {
		return Trigger{err: err}
	}
	return By(func(c Context) Rule { return every{c, d.Milliseconds(), c.Number("fire-time", earliest)} })
}

type every struct {
	c    Context
	d    int64
	next Number
}

func (e every) OnRecord(at eventtime.Time, w Bounds) Result {
	if !e.c.ProcessingTime() {
		if w.MaxTimestamp() <= e.c.Watermark() {
			return Fire
		}
		e.set(w.MaxTimestamp())
	}
	if _, ok := e.next.Get(); !ok {
		e.after(at, w)
	}
	return Continue
}

func (e every) OnEventTime(at eventtime.Time, w Bounds) Result {
	if e.c.ProcessingTime() {
		return Continue
	}
	if at == w.MaxTimestamp() {
		return Fire
	}
	return e.due(at, w)
}

func (e every) OnProcessingTime(at eventtime.Time, w Bounds) Result {
	if !e.c.ProcessingTime() {
		return Continue
	}
	return e.due(at, w)
}

// due fires if it is for that time.
func (e every) due(at eventtime.Time, w Bounds) Result {
	if next, ok := e.next.Get(); !ok || next != int64(at) {
		return Continue
	}
	e.next.Clear()
	if at < w.MaxTimestamp() {
		// What the clock has passed meanwhile is not made up for, nor what lies between the
		// last record and the end of the input.
		switch {
		case e.c.ProcessingTime():
			at = max(at, e.c.Now()-1)
		case e.c.Watermark() == eventtime.Max:
			at = eventtime.Max
		}
		e.after(at, w)
	}
	return Fire
}

// after sets the timer to the first whole multiple of d after a time, or to the end of the
// window if that is earlier.
func (e every) after(at eventtime.Time, w Bounds) {
	into := int64(at) % e.d
	if into < 0 {
		into += e.d
	}
	next := at + eventtime.Time(e.d-into)
	if end := w.MaxTimestamp(); next < at || next > end {
		next = end
	}
	e.next.Set(int64(next))
	e.set(next)
}

func (e every) set(at eventtime.Time) {
	if e.c.ProcessingTime() {
		e.c.ProcessingTimer(at)
	} else {
		e.c.EventTimer(at)
	}
}

func (e every) OnMerge(w Bounds) {
	if !e.c.ProcessingTime() && w.MaxTimestamp() > e.c.Watermark() {
		e.c.EventTimer(w.MaxTimestamp())
	}
	e.next.Merge()
	if next, ok := e.next.Get(); ok {
		e.set(eventtime.Time(next))
	}
}

func (e every) Clear(w Bounds) {
	if next, ok := e.next.Get(); ok {
		if e.c.ProcessingTime() {
			e.c.DeleteProcessingTimer(eventtime.Time(next))
		} else {
			e.c.DeleteEventTimer(eventtime.Time(next))
		}
		e.next.Clear()
	}
	if !e.c.ProcessingTime() {
		e.c.DeleteEventTimer(w.MaxTimestamp())
	}
}
