package weir

import (
	"errors"

	"github.com/weirstream/weir/internal/keyed"
)

// A Timer is a timer with one time per key, which can be moved: the end of a session, the
// moment when a sensor has been silent for too long. It is state: it is part of
// checkpoints and survives a restart, also with another parallelism. To move it to a later
// time is cheap.
type Timer struct{ moving mover }

// mover is a movingTimer, erased of the type of keys.
type mover interface {
	set(Time)
	get() (Time, bool)
	clear()
}

// Set sets the current key's timer to a time, instead of the one that it may have had. A
// time that has passed fires with the next watermark, or at once if it is of processing
// time.
func (t Timer) Set(at Time) { t.moving.set(at) }

// Clear removes the current key's timer.
func (t Timer) Clear() { t.moving.clear() }

// Get returns the time of the current key's timer, and whether there is one. While the
// timer's function runs there is none, unless the function has set it again.
func (t Timer) Get() (Time, bool) { return t.moving.get() }

// EventTimer declares a timer of event time, and what it does: fire is called when the
// watermark has come to the timer's time or passed it, with the timer's key as the current
// one. Timers of an operator fire in the order of their times. What fire emits has the
// timestamp at, which is the time that was set.
//
// The name is the timer's identity in checkpoints.
func (c *KeyContext[K]) EventTimer(name string, fire func(at Time) error) Timer {
	return Timer{newMovingTimer(c, keyed.EventTime, name, fire)}
}

// ProcessingTimer declares a timer of processing time, and what it does: fire is called
// when the clock has come to the timer's time, as soon as the operator is between two
// batches. What fire emits has no timestamp.
func (c *KeyContext[K]) ProcessingTimer(name string, fire func(at Time) error) Timer {
	return Timer{newMovingTimer(c, keyed.ProcessingTime, name, fire)}
}

// A movingTimer keeps its time as a value. The queue has an entry for it that may be
// earlier: when that is due and the time is not, the entry moves. So a timer that is set
// a thousand times before it fires costs one entry, and no search in the queue.
type movingTimer[K comparable] struct {
	times *keyed.Slot[timerAt]
	queue *keyed.Timers[K, keyed.Void]
	fire  func(at Time) error
}

// timerAt is the state of a moving timer. Queued is the time of its entry in the queue,
// which is not later than At.
type timerAt struct{ At, Queued Time }

func newMovingTimer[K comparable](c *KeyContext[K], domain keyed.TimeDomain, name string, fire func(at Time) error) *movingTimer[K] {
	if fire == nil {
		c.failTimer(domain, name, errors.New("nil function"))
	}
	t := &movingTimer[K]{fire: fire}
	t.times = declareValue[K, timerAt](c, string(domain)+" timer "+name, keyed.PlainValue, nil)
	t.queue = declareTimers(c, domain, name, t.due)
	return t
}

func (t *movingTimer[K]) set(at Time) {
	now, existed := t.times.Ref()
	switch {
	case !existed:
		*now = timerAt{at, at}
		t.queue.Register(int64(at))
	case at >= now.Queued:
		now.At = at
	default:
		t.queue.Delete(int64(now.Queued))
		t.queue.Register(int64(at))
		*now = timerAt{at, at}
	}
}

func (t *movingTimer[K]) get() (Time, bool) {
	now, ok := t.times.Get()
	return now.At, ok
}

func (t *movingTimer[K]) clear() {
	if now, ok := t.times.Get(); ok {
		t.queue.Delete(int64(now.Queued))
		t.times.Clear()
	}
}

// due is called when the entry in the queue has come out of it. An entry without a value,
// as a checkpoint of Flink has it, has not been moved.
func (t *movingTimer[K]) due(at Time) error {
	if now, ok := t.times.Get(); ok && now.At > at {
		t.times.Set(timerAt{now.At, now.At})
		t.queue.Register(int64(now.At))
		return nil
	}
	t.times.Clear()
	return t.fire(at)
}
