package weir

import (
	"github.com/weirstream/weir/internal/flow"
	"github.com/weirstream/weir/internal/plan"
)

// Process runs a function of its own per subtask over a keyed stream, with state. open
// is called once in each subtask before the first record: it declares the state and side
// outputs that the function uses, and returns the function. The function processes one
// record: it reads and writes the state of the record's key, and emits any number of
// records. An error fails the job's attempt.
//
//	weir.Process(byUser, "visits", func(c *weir.KeyContext[string], out *weir.Out[int64]) func(Visit) error {
//		n := weir.NewValue[int64](c, "n")
//		return func(v Visit) error {
//			count, _ := n.Get()
//			n.Set(count + 1)
//			out.Emit(count + 1)
//			return nil
//		}
//	})
func Process[K comparable, T, U any](in Keyed[K, T], name string, open func(*KeyContext[K], *Out[U]) func(T) error) Stream[U] {
	return addKeyed(in, name, "process", open, part{"function", open == nil})
}

// addKeyed adds an operator with keyed state: open declares the state and returns what
// processes a record.
func addKeyed[K comparable, T, U any](in Keyed[K, T], name, kind string, open func(*KeyContext[K], *Out[U]) func(T) error, needs part) Stream[U] {
	job := in.stream.owner()
	return add[U](job, &plan.Node{
		Kind:   kind,
		Name:   name,
		Inputs: []plan.Edge{in.edge(kind + " " + name)},
		New: func(ctx *flow.Context, out flow.Output) (flow.Operator, error) {
			o := &keyedOp[K, T, U]{}
			err := o.openKeyed(in.keying, ctx, out, func(c *KeyContext[K], out *Out[U]) bool {
				o.fn = open(c, out)
				return o.fn != nil
			})
			if err != nil {
				return nil, err
			}
			return o, nil
		},
	}, needs)
}

// A keyedOp is a subtask of an operator with keyed state and one input.
type keyedOp[K comparable, T, U any] struct {
	keyedBase[K, U]
	fn func(T) error
}

func (o *keyedOp[K, T, U]) Push(_ int, b flow.Batch) (err error) {
	defer guard(o.c.ctx, &err)
	return pushKeyed(&o.keyedBase, b.(*flow.KeyedVec[K, T]), o.fn)
}
