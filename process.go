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
	return addKeyed(in, name, "process", func(c *KeyContext[K]) ProcessFunc[T, U] {
		fn := open(c)
		if fn == nil && c.err == nil {
			c.err = errors.New("the function given to Process returned no function")
		}
		return fn
	})
}

// addKeyed adds an operator with keyed state: open declares the state and returns what
// processes a record.
func addKeyed[K comparable, T, U any](in Keyed[K, T], name, kind string, open func(*KeyContext[K]) ProcessFunc[T, U]) Stream[U] {
	return add[U](in.stream.job, &plan.Node{
		Kind:   kind,
		Name:   name,
		Inputs: []plan.Edge{in.edge()},
		New: func(ctx *flow.Context, out flow.Output) (_ flow.Operator, err error) {
			defer guard(ctx, &err)
			c := &KeyContext[K]{ctx: ctx, backend: keyed.NewBackend(ctx.Range(), in.codec, in.hash)}
			op := &keyedOp[K, T, U]{c: c, fn: open(c), out: newOut[U](out)}
			c.backend.Seal()
			if c.err != nil {
				return nil, Permanent(blame(ctx, c.err))
			}
			if ctx.Restored != nil {
				if err := c.backend.Restore(ctx.Restored.Keyed, ctx.AllowNonRestored); err != nil {
					return nil, blame(ctx, err)
				}
			}
			c.opened = true
			return op, nil
		},
	})
}

// A keyedOp is a subtask of an operator with keyed state.
type keyedOp[K comparable, T, U any] struct {
	c   *KeyContext[K]
	fn  ProcessFunc[T, U]
	out *Out[U]
}

func (o *keyedOp[K, T, U]) Push(b flow.Batch) (err error) {
	defer guard(o.c.ctx, &err)
	in := b.(*flow.KeyedVec[K, T])
	current := &o.c.backend.Current
	for from := 0; from < in.N; from += keyed.Ahead {
		to := min(from+keyed.Ahead, in.N)
		o.c.backend.LookAhead(in.Keys[from:to], in.Codes[from:to], in.Groups[from:to])
		for _, v := range in.Values[from:to] {
			current.Next()
			if err := o.fn(v, o.out); err != nil {
				return blame(o.c.ctx, err)
			}
		}
	}
	current.End()
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
