package weir

import (
	"math"
	"time"

	"github.com/weirstream/weir/internal/keyed"
)

// A timerService is timers of one name, and what they do.
type timerService interface {
	// Next returns the time of the earliest timer, if there is one.
	Next() (at int64, ok bool)
	// fireDue takes out the earliest timer, if it is due at the time now, and does what it
	// is for.
	fireDue(now int64) error
}

// timers are all timers of a keyed operator, in both time domains.
type timers struct {
	event, processing []timerService
	alarm             alarm
}

func (t *timers) add(domain keyed.TimeDomain, s timerService) {
	if domain == keyed.EventTime {
		t.event = append(t.event, s)
	} else {
		t.processing = append(t.processing, s)
	}
}

// earliest returns the service that has the earliest timer, if one is due at the time now.
// Of several, the one that was declared first is first.
func earliest(services []timerService, now int64) timerService {
	var first timerService
	for _, s := range services {
		if at, ok := s.Next(); ok && (at < now || first == nil && at == now) {
			// The next one must be earlier than this one.
			first, now = s, at
		}
	}
	return first
}

// fire fires the timers that are due at the time now in the order of time, those that are
// set meanwhile included.
func fire(services []timerService, now int64) error {
	for s := earliest(services, now); s != nil; s = earliest(services, now) {
		if err := s.fireDue(now); err != nil {
			return err
		}
	}
	return nil
}

// setAlarm has the operator woken when the earliest timer of processing time is due.
func (t *timers) setAlarm() {
	next := int64(math.MaxInt64)
	for _, s := range t.processing {
		if at, ok := s.Next(); ok {
			next = min(next, at)
		}
	}
	t.alarm.set(next)
}

// An alarm has an operator woken at a time. Its zero value is of no use: wake is needed.
type alarm struct {
	wake  func()
	at    int64 // milliseconds since 1970; that of no alarm is math.MaxInt64
	timer *time.Timer
}

// set makes at the time of the alarm, instead of the one before. math.MaxInt64 is never.
func (a *alarm) set(at int64) {
	if at == a.at {
		return
	}
	a.at = at
	if a.timer != nil {
		a.timer.Stop()
	}
	if at == math.MaxInt64 {
		return
	}
	wait := time.Until(Time(at).Time())
	if a.timer == nil {
		a.timer = time.AfterFunc(wait, a.wake)
		return
	}
	a.timer.Reset(wait)
}

// rang says that the alarm has gone off, or may have.
func (a *alarm) rang() { a.at = math.MaxInt64 }

func (a *alarm) stop() {
	if a.timer != nil {
		a.timer.Stop()
	}
}

// fires says that a timer fires: the records that are emitted now have its time, if that
// is event time.
func (c *KeyContext[K]) fires(zone keyed.TimeDomain, at Time) {
	if zone == keyed.ProcessingTime {
		at = MinTime
	}
	c.at = at
	c.stamp(at)
}
