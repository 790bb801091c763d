package weir

import (
	"errors"
	"math"
	"time"

	"github.com/weirstream/weir/internal/flow"
	"github.com/weirstream/weir/internal/keyed"
)

// A keyedBase is what operators with keyed state have in common: a context with the state
// and the timers.
type keyedBase[K comparable, U any] struct {
	plainOp[U]
	k *KeyContext[K]
}

// openKeyed makes one. open declares the state, and reports whether it was given functions
// to run.
func (o *keyedBase[K, U]) openKeyed(by keying[K], ctx *flow.Context, to flow.Output, open func(*KeyContext[K], *Out[U]) bool) (err error) {
	defer guard(ctx, &err)
	backend := keyed.NewBackend(ctx.Range(), by.codec, by.hash)
	o.plainOp, err = openPlain(ctx, to, func(c *Context, out *Out[U]) bool {
		o.k = &KeyContext[K]{plainContext: c, backend: backend, at: MinTime, watermark: MinTime}
		o.k.stamp = o.plainOp.stamp
		o.k.timers.alarm = alarm{wake: ctx.Wake, at: math.MaxInt64}
		ok := open(o.k, out)
		backend.Seal()
		return ok || c.err != nil
	})
	if err != nil {
		return err
	}
	if ctx.Restored != nil {
		if err := backend.Restore(ctx.Restored.Keyed, ctx.AllowNonRestored); err != nil {
			return errors.Join(blame(ctx, err), o.c.close())
		}
	}
	return nil
}

// Start sets the alarm for the timers that were restored.
func (o *keyedBase[K, U]) Start() error {
	o.k.timers.setAlarm()
	return nil
}

// pushKeyed processes a batch.
func pushKeyed[K comparable, T, U any](o *keyedBase[K, U], in *flow.KeyedVec[K, T], fn func(T) error) error {
	backend, current := o.k.backend, &o.k.backend.Current
	timed := len(in.Times) > 0
	o.begin(in.N)
	if o.k.clocked {
		o.k.came = time.Now().UnixMilli()
	}
	for from := 0; from < in.N; from += keyed.Ahead {
		to := min(from+keyed.Ahead, in.N)
		backend.LookAhead(in.Keys[from:to], in.Codes[from:to], in.Groups[from:to])
		if timed {
			if err := pushTimed(o, in.Values[from:to], in.Times[from:to], fn); err != nil {
				return err
			}
			continue
		}
		for _, v := range in.Values[from:to] {
			current.Next()
			if err := fn(v); err != nil {
				return blame(o.c.ctx, err)
			}
		}
	}
	if backend.Sweeps() {
		o.k.sweep(in.N)
	}
	return o.done()
}

// pushTimed processes records with timestamps.
func pushTimed[K comparable, T, U any](o *keyedBase[K, U], values []T, times []Time, fn func(T) error) error {
	current := &o.k.backend.Current
	for i, v := range values {
		current.Next()
		o.k.at = times[i]
		o.stamp(times[i])
		if err := fn(v); err != nil {
			return blame(o.c.ctx, err)
		}
	}
	return nil
}

// done ends what begin has begun: there is no current key any more.
func (o *keyedBase[K, U]) done() error {
	o.k.backend.Current.End()
	if len(o.k.timers.processing) > 0 {
		o.k.timers.setAlarm()
	}
	return o.end()
}

// Mark fires the timers that are due, and passes the mark on.
func (o *keyedBase[K, U]) Mark(m flow.Mark) (err error) {
	defer guard(o.c.ctx, &err)
	o.k.watermark = m.Time
	if err := o.fire(o.k.timers.event, int64(m.Time)); err != nil {
		return err
	}
	return o.plainOp.Mark(m)
}

// Wake fires the timers of processing time that are due.
func (o *keyedBase[K, U]) Wake() (err error) {
	defer guard(o.c.ctx, &err)
	o.k.timers.alarm.rang()
	if err := o.fire(o.k.timers.processing, time.Now().UnixMilli()); err != nil {
		return err
	}
	o.k.timers.setAlarm()
	return nil
}

// fire fires the timers of the services that are due at the time now.
func (o *keyedBase[K, U]) fire(services []timerService, now int64) error {
	if earliest(services, now) == nil {
		return nil
	}
	o.begin(0)
	if o.k.clocked {
		o.k.came = time.Now().UnixMilli()
	}
	o.k.firing = true
	err := fire(services, now)
	o.k.firing = false
	if err != nil {
		return blame(o.c.ctx, err)
	}
	return o.done()
}

func (o *keyedBase[K, U]) Snapshot(CheckpointID) (flow.Snapshot, error) {
	if err := o.misused(nil); err != nil {
		return flow.Snapshot{}, err
	}
	s := o.k.backend.Snapshot()
	if s == nil {
		return flow.Snapshot{}, nil
	}
	return flow.Snapshot{Keyed: s}, nil
}

func (o *keyedBase[K, U]) Close() error {
	o.k.timers.alarm.stop()
	return o.plainOp.Close()
}
