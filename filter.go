package weir

import (
	"github.com/weirstream/weir/internal/flow"
	"github.com/weirstream/weir/internal/plan"
)

// Filter keeps the records for which keep returns true. An error of keep fails the
// job's attempt.
func Filter[T any](in Stream[T], keep func(T) (bool, error)) Stream[T] {
	return add[T](in.job, &plan.Node{
		Kind:   "filter",
		Inputs: []plan.Edge{in.forward()},
		New: func(ctx *flow.Context, out flow.Output) (flow.Operator, error) {
			return &filterOp[T]{ctx: ctx, keep: keep, out: out}, nil
		},
	})
}

type filterOp[T any] struct {
	flow.Stateless
	ctx  *flow.Context
	keep func(T) (bool, error)
	out  flow.Output
	buf  flow.Vec[T]
}

func (o *filterOp[T]) Push(b flow.Batch) (err error) {
	defer guard(o.ctx, &err)
	buf := o.buf.Values[:0]
	for _, v := range b.(*flow.Vec[T]).Values {
		ok, err := o.keep(v)
		if err != nil {
			return blame(o.ctx, err)
		}
		if ok {
			buf = append(buf, v)
		}
	}
	o.buf.Values = buf
	if len(buf) == 0 {
		return nil
	}
	return o.out.Push(&o.buf)
}
