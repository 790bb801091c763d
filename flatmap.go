package weir

import (
	"iter"

	"github.com/weirstream/weir/internal/flow"
	"github.com/weirstream/weir/internal/plan"
)

// FlatMap turns each record into any number of others: those of the sequence that fn
// returns, in its order. A nil sequence is none. An error of fn fails the job's attempt. A
// sequence cannot fail midway; where it might, use [FlatMapTo].
func FlatMap[T, U any](in Stream[T], fn func(T) (iter.Seq[U], error)) Stream[U] {
	return addFlatMap(in, func(_ *Context, out *Out[U]) func(T) error {
		return func(v T) error {
			seq, err := fn(v)
			if err != nil || seq == nil {
				return err
			}
			for u := range seq {
				out.Emit(u)
			}
			return nil
		}
	}, part{"function", fn == nil})
}

// FlatMapTo turns each record into any number of others: those that fn emits. An error of
// fn fails the job's attempt.
func FlatMapTo[T, U any](in Stream[T], fn func(v T, out *Out[U]) error) Stream[U] {
	return addFlatMap(in, func(_ *Context, out *Out[U]) func(T) error {
		return func(v T) error { return fn(v, out) }
	}, part{"function", fn == nil})
}

// FlatMapWith is FlatMapTo with a function of its own in each subtask: open is called once
// before the first record, with the [Context] of the subtask and where to emit, and returns
// the function.
func FlatMapWith[T, U any](in Stream[T], open func(*Context, *Out[U]) func(T) error) Stream[U] {
	return addFlatMap(in, open, part{"function", open == nil})
}

func addFlatMap[T, U any](in Stream[T], open func(*Context, *Out[U]) func(T) error, needs part) Stream[U] {
	return add[U](in.owner(), &plan.Node{
		Kind:   "flatmap",
		Inputs: []plan.Edge{in.forward()},
		New: func(ctx *flow.Context, out flow.Output) (flow.Operator, error) {
			o := &flatMapOp[T, U]{}
			var err error
			if o.plainOp, err = openPlain(ctx, out, func(c *Context, out *Out[U]) bool { o.fn = open(c, out); return o.fn != nil }); err != nil {
				return nil, err
			}
			return o, nil
		},
	}, needs)
}

type flatMapOp[T, U any] struct {
	plainOp[U]
	fn func(T) error
}

func (o *flatMapOp[T, U]) Push(_ int, b flow.Batch) (err error) {
	defer guard(o.c.ctx, &err)
	in := b.(*flow.Vec[T])
	o.begin(len(in.Values))
	for i := range in.Values { // a large record is copied once, into the call
		if in.Times != nil {
			o.stamp(in.Times[i])
		}
		if err := o.fn(in.Values[i]); err != nil {
			return blame(o.c.ctx, err)
		}
	}
	return o.end()
}
