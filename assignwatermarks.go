package weir

import (
	"fmt"

	"github.com/weirstream/weir/internal/flow"
	"github.com/weirstream/weir/internal/plan"
)

// AssignWatermarks gives the records of a stream timestamps and watermarks, in place of those
// they have: where a timestamp is known only after some operators. Records of several splits
// are mixed there, so where it can be, give the watermarks to [From]. Idleness is noticed
// when a batch or a mark comes, alignment is not possible here.
func AssignWatermarks[T any](in Stream[T], w Watermarks[T]) Stream[T] {
	job := in.owner()
	switch {
	case w.err != nil:
		job.p().Fail(fmt.Errorf("%s: watermarks: %w", caller(), w.err))
	case w.group != "":
		job.p().Fail(fmt.Errorf("%s: watermarks: only sources can be aligned: give these to From", caller()))
	}
	job.p().EventTime = true
	return add[T](job, &plan.Node{
		Kind:   "watermarks",
		Inputs: []plan.Edge{in.forward()},
		New: func(ctx *flow.Context, out flow.Output) (flow.Operator, error) {
			o := &watermarksOp[T]{sent: flow.Mark{Time: MinTime}}
			var err error
			if o.plainOp, err = openPlain(ctx, out, func(*Context, *Out[T]) bool { return true }); err != nil {
				return nil, err
			}
			o.stamper = newStamper(&w, MinTime)
			return o, nil
		},
	})
}

type watermarksOp[T any] struct {
	plainOp[T]
	stamper *stamper[T]
	times   []Time
	sent    flow.Mark
}

func (o *watermarksOp[T]) Push(_ int, b flow.Batch) (err error) {
	defer guard(o.c.ctx, &err)
	in := b.(*flow.Vec[T])
	o.times = append(o.times[:0], in.Times...)
	if err := o.stamper.stamp(in.Values, o.times); err != nil {
		return blame(o.c.ctx, err)
	}
	o.begin(len(in.Values))
	for i, v := range in.Values {
		o.stamp(o.times[i])
		o.out.Emit(v)
	}
	if err := o.end(); err != nil {
		return err
	}
	return o.pass(o.stamper.now())
}

// Mark passes on the end of the input only: other marks are about other timestamps.
func (o *watermarksOp[T]) Mark(m flow.Mark) error {
	if m.Time == MaxTime {
		return o.pass(m)
	}
	now := o.stamper.now()
	now.Idle = now.Idle || m.Idle
	return o.pass(now)
}

// pass passes a mark on, if it is another one.
func (o *watermarksOp[T]) pass(m flow.Mark) error {
	if m == o.sent || m.Time < o.sent.Time {
		return nil
	}
	o.sent = m
	return o.plainOp.Mark(m)
}
