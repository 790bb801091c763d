package weir

import (
	"github.com/weirstream/weir/internal/flow"
	"github.com/weirstream/weir/internal/plan"
)

// Map turns each record into another. An error of fn fails the job's attempt.
func Map[T, U any](in Stream[T], fn func(T) (U, error)) Stream[U] {
	return add[U](in.job, &plan.Node{
		Kind:   "map",
		Inputs: []plan.Edge{in.forward()},
		New: func(ctx *flow.Context, out flow.Output) (flow.Operator, error) {
			return &mapOp[T, U]{ctx: ctx, fn: fn, out: out}, nil
		},
	})
}

type mapOp[T, U any] struct {
	flow.Stateless
	ctx *flow.Context
	fn  func(T) (U, error)
	out flow.Output
	buf flow.Vec[U]
}

func (o *mapOp[T, U]) Push(b flow.Batch) (err error) {
	defer guard(o.ctx, &err)
	buf := o.buf.Values[:0]
	for _, v := range b.(*flow.Vec[T]).Values {
		u, err := o.fn(v)
		if err != nil {
			return blame(o.ctx, err)
		}
		buf = append(buf, u)
	}
	o.buf.Values = buf
	return o.out.Push(&o.buf)
}
