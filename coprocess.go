package weir

import (
	"fmt"

	"github.com/weirstream/weir/flink"
	"github.com/weirstream/weir/internal/flow"
	"github.com/weirstream/weir/internal/plan"
)

// CoProcess runs functions of its own over two keyed streams, which share state and timers:
// Flink's connect with a KeyedCoProcessFunction. open is called once in each subtask before
// the first record. It declares the state, timers and side outputs, and returns one
// function for the records of each stream. The two streams have keys of one type; records
// with equal keys meet in one subtask. In which order records of two streams come is not
// known: keep in state what has come too early.
//
//	weir.CoProcess(orders, payments, "pay", func(c *weir.KeyContext[string], out *weir.Out[Paid]) (func(Order) error, func(Payment) error) {
//		open := weir.NewValue[Order](c, "order")
//		early := weir.NewValue[Payment](c, "payment")
//		return func(o Order) error {
//				if p, ok := early.Get(); ok {
//					early.Clear()
//					out.Emit(Paid{o, p})
//					return nil
//				}
//				open.Set(o)
//				return nil
//			}, func(p Payment) error {
//				…
//			}
//	})
func CoProcess[K comparable, A, B, U any](a Keyed[K, A], b Keyed[K, B], name string, open func(*KeyContext[K], *Out[U]) (func(A) error, func(B) error)) Stream[U] {
	return addCoKeyed(a, b, name, "co-process", open, part{"function", open == nil})
}

// addCoKeyed adds an operator with keyed state and two inputs.
func addCoKeyed[K comparable, A, B, U any](a Keyed[K, A], b Keyed[K, B], name, kind string, open func(*KeyContext[K], *Out[U]) (func(A) error, func(B) error), needs part) Stream[U] {
	job := a.stream.owner()
	where := kind + " " + name
	if other := b.stream.owner(); other != job {
		job.p().Fail(sameJob(job, other, where))
		return Stream[U]{job: job}
	}
	if err := a.sameKeys(b.keying); err != nil {
		job.p().Fail(fmt.Errorf("%s: %s: %w", caller(), where, err))
	}
	return add[U](job, &plan.Node{
		Kind:   kind,
		Name:   name,
		Inputs: []plan.Edge{a.edge(where), b.edge(where)},
		New: func(ctx *flow.Context, out flow.Output) (flow.Operator, error) {
			o := &coKeyedOp[K, A, B, U]{}
			err := o.openKeyed(a.keying, ctx, out, func(c *KeyContext[K], out *Out[U]) bool {
				o.a, o.b = open(c, out)
				return o.a != nil && o.b != nil
			})
			if err != nil {
				return nil, err
			}
			return o, nil
		},
	}, needs)
}

// sameKeys returns an error if the keys of two streams are written in different ways: then
// equal keys would not meet.
func (k keying[K]) sameKeys(other keying[K]) error {
	if k.codec == nil || other.codec == nil || flink.Equal(k.codec.Serializer(), other.codec.Serializer()) {
		return nil
	}
	return fmt.Errorf("the keys of one stream are written as %s, those of the other as %s: give both calls of KeyBy the same codec", k.codec.Serializer().TypeName(), other.codec.Serializer().TypeName())
}

// A coKeyedOp is a subtask of an operator with keyed state and two inputs.
type coKeyedOp[K comparable, A, B, U any] struct {
	keyedBase[K, U]
	a func(A) error
	b func(B) error
}

func (o *coKeyedOp[K, A, B, U]) Push(input int, b flow.Batch) (err error) {
	defer guard(o.c.ctx, &err)
	if input == 0 {
		return pushKeyed(&o.keyedBase, b.(*flow.KeyedVec[K, A]), o.a)
	}
	return pushKeyed(&o.keyedBase, b.(*flow.KeyedVec[K, B]), o.b)
}
