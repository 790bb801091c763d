package weir

import (
	"errors"
	"fmt"

	"github.com/weirstream/weir/internal/keyed"
)

// Timers are any number of timers per key, one for each moment: Flink's. A timer is state:
// it is part of checkpoints and survives a restart, also with another parallelism. A
// [Timer] is for what has one time that moves.
type Timers struct{ service registry }

// registry is keyed.Timers, erased of the type of keys.
type registry interface {
	Register(at int64) bool
	Delete(at int64) bool
}

// Register has the function called for the current key when time has come to at. If there
// is a timer for that moment, nothing changes. A timer for a moment that has passed fires
// with the next watermark, or at once if it is of processing time.
func (t Timers) Register(at Time) { t.service.Register(int64(at)) }

// Delete deletes the current key's timer for a moment, and reports whether there was one.
func (t Timers) Delete(at Time) bool { return t.service.Delete(int64(at)) }

// EventTimers declares timers of event time, and what they do: fire is called when the
// watermark has come to at or passed it, with the timer's key as the current one. Timers
// of an operator fire in the order of their times. What fire emits has the timestamp at.
//
// The name is the timers' identity in checkpoints: the state is _timer_state/event_NAME.
// Flink's process functions have "user-timers".
func (c *KeyContext[K]) EventTimers(name string, fire func(at Time) error) Timers {
	return c.timersIn(keyed.EventTime, name, fire)
}

// ProcessingTimers declares timers of processing time, and what they do: fire is called when
// the clock has come to at, as soon as the operator is between two batches. What fire emits
// has no timestamp. The state is _timer_state/processing_NAME.
func (c *KeyContext[K]) ProcessingTimers(name string, fire func(at Time) error) Timers {
	return c.timersIn(keyed.ProcessingTime, name, fire)
}

func (c *KeyContext[K]) timersIn(domain keyed.TimeDomain, name string, fire func(at Time) error) Timers {
	return Timers{declareTimers(c, domain, name, fire)}
}

// declareTimers declares a service.
func declareTimers[K comparable](c *KeyContext[K], domain keyed.TimeDomain, name string, fire func(at Time) error) *keyed.Timers[K, keyed.Void] {
	if fire == nil {
		c.failTimer(domain, name, errors.New("nil function"))
	}
	queue, err := keyed.NewTimers(c.backend, domain, name)
	if err != nil {
		c.failTimer(domain, name, err)
		return queue
	}
	c.timers.add(domain, &plainTimers[K]{queue, c, domain, fire})
	return queue
}

// plainTimers are timers without namespaces, as a service.
type plainTimers[K comparable] struct {
	*keyed.Timers[K, keyed.Void]
	c      *KeyContext[K]
	domain keyed.TimeDomain
	fire   func(at Time) error
}

func (t *plainTimers[K]) fireDue(now int64) error {
	at, ok := t.PopDue(now)
	if !ok {
		return nil
	}
	t.c.fires(t.domain, Time(at))
	return t.fire(Time(at))
}

// failTimer says what is wrong with timers.
func (c *KeyContext[K]) failTimer(domain keyed.TimeDomain, name string, err error) {
	c.fail(fmt.Errorf("%s timer %q: %w", domain, name, err))
}
