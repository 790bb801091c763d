package weir

import (
	"github.com/weirstream/weir/internal/flow"
	"github.com/weirstream/weir/internal/plan"
)

// Filter keeps the records for which keep returns true. An error of keep fails the
// job's attempt.
func Filter[T any](in Stream[T], keep func(T) (bool, error)) Stream[T] {
	return add[T](in.owner(), &plan.Node{
		Kind:   "filter",
		Inputs: []plan.Edge{in.forward()},
		New: func(ctx *flow.Context, out flow.Output) (flow.Operator, error) {
			o := &filterOp[T]{keep: keep}
			var err error
			if o.plainOp, err = openPlain(ctx, out, func(*Context, *Out[T]) bool { return true }); err != nil {
				return nil, err
			}
			return o, nil
		},
	}, part{"function", keep == nil})
}

type filterOp[T any] struct {
	plainOp[T]
	keep func(T) (bool, error)
}

func (o *filterOp[T]) Push(_ int, b flow.Batch) (err error) {
	defer guard(o.c.ctx, &err)
	in := b.(*flow.Vec[T])
	o.begin(len(in.Values))
	for i, v := range in.Values {
		ok, err := o.keep(v)
		if err != nil {
			return blame(o.c.ctx, err)
		}
		if !ok {
			continue
		}
		if in.Times != nil {
			o.stamp(in.Times[i])
		}
		o.out.Emit(v)
	}
	return o.end()
}
