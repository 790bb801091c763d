package weir

import (
	"iter"

	"github.com/weirstream/weir/internal/flow"
	"github.com/weirstream/weir/internal/plan"
)

// FlatMap turns each record into any number of others: those of the sequence that fn
// returns, in its order. A nil sequence is none. An error of fn fails the job's attempt.
func FlatMap[T, U any](in Stream[T], fn func(T) (iter.Seq[U], error)) Stream[U] {
	return add[U](in.job, &plan.Node{
		Kind:   "flatmap",
		Inputs: []plan.Edge{in.forward()},
		New: func(ctx *flow.Context, out flow.Output) (flow.Operator, error) {
			return &flatMapOp[T, U]{ctx: ctx, fn: fn, out: newOut[U](out)}, nil
		},
	})
}

type flatMapOp[T, U any] struct {
	flow.Stateless
	ctx *flow.Context
	fn  func(T) (iter.Seq[U], error)
	out *Out[U]
}

func (o *flatMapOp[T, U]) Push(b flow.Batch) (err error) {
	defer guard(o.ctx, &err)
	for _, v := range b.(*flow.Vec[T]).Values {
		seq, err := o.fn(v)
		if err != nil {
			return blame(o.ctx, err)
		}
		if seq == nil {
			continue
		}
		for u := range seq {
			o.out.Emit(u)
		}
	}
	return o.out.flush()
}
