package weir

import (
	"errors"
	"sync/atomic"

	"github.com/weirstream/weir/internal/flow"
)

// Out takes the records that an operator emits. A function may use its Out only while the
// function runs, and only on the goroutine that it runs on. What is emitted at any other time,
// or by another goroutine, cannot be part of a checkpoint: it fails the job.
type Out[T any] struct {
	buf  *[flow.BatchSize]T
	n    uint // records in buf; one less than there is room for while the function does not run
	vec  flow.Vec[T]
	to   flow.Output // nil if nothing reads the records
	sent int64       // records that have been sent since take
	// open says that the function runs.
	open   bool
	misuse atomic.Bool

	// With event time: times of the records in buf, up to marked. Those from there on have
	// the time at.
	times  *[flow.BatchSize]Time
	marked uint
	at     Time
}

func newOut[T any](ctx *flow.Context, to flow.Output) *Out[T] {
	o := &Out[T]{buf: new([flow.BatchSize]T), to: to, n: flow.BatchSize - 1, at: MinTime}
	if ctx.EventTime {
		o.times = new([flow.BatchSize]Time)
	}
	return o
}

// Emit passes a record on. It has the timestamp of the record that is being processed, or
// of the timer that fires. If an operator further down fails, Emit does not return: the
// attempt is over.
func (o *Out[T]) Emit(v T) {
	o.buf[o.n%flow.BatchSize] = v // which it is already: no bounds to check
	if o.n++; o.n == flow.BatchSize {
		o.push()
	}
}

// EmitAt passes a record on with a timestamp of its own. In a job without event time it is
// Emit.
func (o *Out[T]) EmitAt(v T, at Time) {
	was := o.at
	o.stamp(at)
	o.Emit(v)
	o.stamp(was)
}

// begin lets records be emitted. They have the time at.
func (o *Out[T]) begin() { o.n, o.marked, o.open = 0, 0, true }

// stamp says which time the records have that are emitted from now on.
func (o *Out[T]) stamp(at Time) {
	if o.times == nil || at == o.at {
		return
	}
	o.settle()
	o.at = at
}

// settle gives the records that have no time yet the one that is theirs.
func (o *Out[T]) settle() {
	for ; o.marked < o.n; o.marked++ {
		o.times[o.marked%flow.BatchSize] = o.at
	}
}

// downstream is what Emit panics with to end the function that emits, if an operator
// further down has failed. Only guard catches it.
type downstream struct{ error }

func (o *Out[T]) push() {
	if !o.open {
		o.misuse.Store(true)
		o.n = flow.BatchSize - 1
		return
	}
	if err := o.send(); err != nil {
		panic(downstream{err})
	}
}

// send pushes what is in the buffer.
func (o *Out[T]) send() (err error) {
	o.vec.Values = o.buf[:o.n]
	if o.times != nil {
		o.settle()
		o.vec.Times = o.times[:o.n]
		o.marked = 0
	}
	o.sent += int64(o.n)
	if o.to != nil {
		err = o.to.Push(&o.vec)
	}
	clear(o.vec.Values)
	o.n = 0
	return err
}

// take returns how many records were emitted since it was called last.
func (o *Out[T]) take() int64 {
	n := o.sent + int64(o.n)
	o.sent = -int64(o.n) // those in the buffer are sent yet
	return n
}

// end pushes what is left. From now on nothing can be emitted.
func (o *Out[T]) end() (err error) {
	if o.n > 0 {
		err = o.send()
	}
	o.shut()
	if err == nil {
		err = o.misused()
	}
	return err
}

// shut makes the next Emit call push, which finds that the function does not run.
func (o *Out[T]) shut() { o.n, o.open = flow.BatchSize-1, false }

// misused returns an error if something was emitted while the function did not run.
func (o *Out[T]) misused() error {
	if o.misuse.Load() {
		return errMisusedOut
	}
	return nil
}

var errMisusedOut = Permanent(errors.New("records were emitted while the function that has the Out was not running, perhaps by a goroutine that it has started: they belong to no checkpoint and were dropped; emit from the function itself, before it returns"))

// mark passes a mark on.
func (o *Out[T]) mark(m flow.Mark) error {
	if o.to == nil {
		return nil
	}
	return o.to.Mark(m)
}
