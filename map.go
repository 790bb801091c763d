package weir

import (
	"github.com/weirstream/weir/internal/flow"
	"github.com/weirstream/weir/internal/plan"
)

// Map turns each record into another. An error of fn fails the job's attempt.
func Map[T, U any](in Stream[T], fn func(T) (U, error)) Stream[U] {
	return addMap(in, func(*Context) func(T) (U, error) { return fn }, part{"function", fn == nil})
}

// MapWith is Map with a function of its own in each subtask: open is called once before
// the first record, with the [Context] of the subtask, and returns the function.
func MapWith[T, U any](in Stream[T], open func(*Context) func(T) (U, error)) Stream[U] {
	return addMap(in, open, part{"function", open == nil})
}

func addMap[T, U any](in Stream[T], open func(*Context) func(T) (U, error), needs part) Stream[U] {
	return add[U](in.owner(), &plan.Node{
		Kind:   "map",
		Inputs: []plan.Edge{in.forward()},
		New: func(ctx *flow.Context, out flow.Output) (flow.Operator, error) {
			o := &mapOp[T, U]{}
			var err error
			if o.plainOp, err = openPlain(ctx, out, func(c *Context, _ *Out[U]) bool { o.fn = open(c); return o.fn != nil }); err != nil {
				return nil, err
			}
			return o, nil
		},
	}, needs)
}

type mapOp[T, U any] struct {
	plainOp[U]
	fn func(T) (U, error)
}

func (o *mapOp[T, U]) Push(_ int, b flow.Batch) (err error) {
	defer guard(o.c.ctx, &err)
	in := b.(*flow.Vec[T])
	o.begin(len(in.Values))
	for i := range in.Values { // a large record is copied once, into the call
		if in.Times != nil {
			o.stamp(in.Times[i])
		}
		u, err := o.fn(in.Values[i])
		if err != nil {
			return blame(o.c.ctx, err)
		}
		o.out.Emit(u)
	}
	return o.end()
}
