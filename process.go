package weir

import (
	"errors"

	"github.com/weirstream/weir/checkpoint"
	"github.com/weirstream/weir/internal/flow"
	"github.com/weirstream/weir/internal/keyed"
	"github.com/weirstream/weir/internal/plan"
)

// A ProcessFunc processes one record of a keyed stream. It reads and writes the state
// of the record's key, and emits any number of records. An error fails the job's
// attempt.
type ProcessFunc[T, U any] func(v T, out *Out[U]) error

// Process runs a function of its own per subtask over a keyed stream, with state. open
// is called once in each subtask before the first record: it declares the state the
// function uses and returns the function.
//
//	weir.Process(byUser, "visits", func(c *weir.KeyContext[string]) weir.ProcessFunc[Visit, int64] {
//		n := weir.NewValue[int64](c, "n")
//		return func(v Visit, out *weir.Out[int64]) error {
//			count, _ := n.Get()
//			n.Set(count + 1)
//			out.Emit(count + 1)
//			return nil
//		}
//	})
func Process[K comparable, T, U any](in Keyed[K, T], name string, open func(*KeyContext[K]) ProcessFunc[T, U]) Stream[U] {
	return addKeyed[K, T, U](in, name, "process", func(c *KeyContext[K], out *Out[U]) func(*flow.KeyedVec[K, T]) error {
		fn := open(c)
		if fn == nil && c.err == nil {
			c.err = errors.New("the function given to Process returned no function")
		}
		current := &c.backend.Current
		return func(in *flow.KeyedVec[K, T]) error {
			for i, v := range in.Values {
				current.Set(in.Keys[i], in.Groups[i])
				if err := fn(v, out); err != nil {
					return blame(c.ctx, err)
				}
			}
			return nil
		}
	})
}

// addKeyed adds an operator with keyed state: open declares the state and returns what
// processes a batch.
func addKeyed[K comparable, T, U any](in Keyed[K, T], name, kind string, open func(*KeyContext[K], *Out[U]) func(*flow.KeyedVec[K, T]) error) Stream[U] {
	return add[U](in.stream.job, &plan.Node{
		Kind:   kind,
		Name:   name,
		Inputs: []plan.Edge{in.edge()},
		New: func(ctx *flow.Context, out flow.Output) (_ flow.Operator, err error) {
			defer guard(ctx, &err)
			c := &KeyContext[K]{ctx: ctx, backend: keyed.NewBackend(ctx.Range(), in.codec)}
			op := &keyedOp[K, T, U]{c: c, out: &Out[U]{to: out}}
			op.process = open(c, op.out)
			if c.err != nil {
				return nil, Permanent(blame(ctx, c.err))
			}
			if ctx.Restored != nil {
				if err := c.backend.Restore(ctx.Restored.Keyed, ctx.AllowNonRestored); err != nil {
					return nil, blame(ctx, err)
				}
			}
			return op, nil
		},
	})
}

// A keyedOp is a subtask of an operator with keyed state.
type keyedOp[K comparable, T, U any] struct {
	c       *KeyContext[K]
	process func(*flow.KeyedVec[K, T]) error
	out     *Out[U]
}

func (o *keyedOp[K, T, U]) Push(b flow.Batch) (err error) {
	defer guard(o.c.ctx, &err)
	if err := o.process(b.(*flow.KeyedVec[K, T])); err != nil {
		return err
	}
	return o.out.flush()
}

func (o *keyedOp[K, T, U]) Snapshot(checkpoint.ID) (flow.Snapshot, error) {
	s := o.c.backend.Snapshot()
	if s == nil {
		return flow.Snapshot{}, nil
	}
	return flow.Snapshot{Keyed: s}, nil
}

func (o *keyedOp[K, T, U]) Complete(checkpoint.ID) error { return nil }
func (o *keyedOp[K, T, U]) Close() error                 { return nil }
