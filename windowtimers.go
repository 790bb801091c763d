package weir

import (
	"github.com/weirstream/weir/internal/codec"
	"github.com/weirstream/weir/internal/keyed"
	"github.com/weirstream/weir/window"
)

// windowTimers are the timers of windows in one time domain, as a service.
type windowTimers interface {
	timerService
	register(at Time, w window.Bounds)
	delete(at Time, w window.Bounds)
}

// An onWindowTimer is what is called when a timer of a window fires.
type onWindowTimer func(domain keyed.TimeDomain, at Time, w window.Bounds) error

// declareWindowTimers declares Flink's service for the timers of windows.
func declareWindowTimers[K comparable](c *KeyContext[K], domain keyed.TimeDomain, global bool, do onWindowTimer) windowTimers {
	if global {
		return declareTimersOf(c, domain, keyed.Globals, do,
			func(window.Bounds) keyed.Void { return keyed.Void{} },
			func(keyed.Void) window.Bounds { return window.Everything })
	}
	return declareTimersOf(c, domain, keyed.Windows, do, spaceOf,
		func(s keyed.Window) window.Bounds { return window.Bounds{Start: Time(s.Start), End: Time(s.End)} })
}

// spaceOf returns a window as a namespace.
func spaceOf(w window.Bounds) keyed.Window {
	return keyed.Window{Start: int64(w.Start), End: int64(w.End)}
}

func declareTimersOf[K, N comparable](c *KeyContext[K], domain keyed.TimeDomain, spaces codec.Codec[N], do onWindowTimer, to func(window.Bounds) N, from func(N) window.Bounds) windowTimers {
	const name = "window-timers"
	queue, err := keyed.NewTimersIn(c.backend, domain, name, spaces)
	if err != nil {
		c.failTimer(domain, name, err)
	}
	t := &timersOf[K, N]{queue, domain, c, do, to, from}
	c.timers.add(domain, t)
	return t
}

type timersOf[K, N comparable] struct {
	*keyed.Timers[K, N]
	domain keyed.TimeDomain
	c      *KeyContext[K]
	do     onWindowTimer
	to     func(window.Bounds) N
	from   func(N) window.Bounds
}

func (t *timersOf[K, N]) register(at Time, w window.Bounds) {
	t.In(t.to(w))
	t.Register(int64(at))
}

func (t *timersOf[K, N]) delete(at Time, w window.Bounds) {
	t.In(t.to(w))
	t.Delete(int64(at))
}

// Next returns when the earliest timer is due. A watermark says that a time has passed, and
// the clock only that it has come: so a timer of processing time is due a millisecond later,
// as in Flink.
func (t *timersOf[K, N]) Next() (at int64, ok bool) {
	at, ok = t.Timers.Next()
	if t.domain == keyed.ProcessingTime && at != int64(MaxTime) {
		at++
	}
	return at, ok
}

func (t *timersOf[K, N]) fireDue(now int64) error {
	if t.domain == keyed.ProcessingTime && now != int64(MaxTime) {
		now--
	}
	at, ok := t.PopDue(now)
	if !ok {
		return nil
	}
	t.c.fires(t.domain, Time(at))
	return t.do(t.domain, Time(at), t.from(t.Space()))
}
