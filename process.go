package weir

import (
	"errors"

	"github.com/weirstream/weir/internal/flow"
	"github.com/weirstream/weir/internal/keyed"
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
			if err := o.open(in, ctx, out, open); err != nil {
				return nil, err
			}
			return o, nil
		},
	}, needs)
}

// A keyedOp is a subtask of an operator with keyed state.
type keyedOp[K comparable, T, U any] struct {
	plainOp[U]
	k  *KeyContext[K]
	fn func(T) error
}

func (o *keyedOp[K, T, U]) open(in Keyed[K, T], ctx *flow.Context, to flow.Output, open func(*KeyContext[K], *Out[U]) func(T) error) (err error) {
	defer guard(ctx, &err)
	backend := keyed.NewBackend(ctx.Range(), in.codec, in.hash)
	o.plainOp, err = openPlain(ctx, to, func(c *Context, out *Out[U]) bool {
		o.k = &KeyContext[K]{plainContext: c, backend: backend, at: MinTime, watermark: MinTime}
		o.fn = open(o.k, out)
		backend.Seal()
		return o.fn != nil || c.err != nil
	})
	if err != nil {
		return err
	}
	if ctx.Restored != nil {
		if err := backend.Restore(ctx.Restored.Keyed, ctx.AllowNonRestored); err != nil {
			return errors.Join(blame(ctx, err), o.c.close())
		}
	}
	return nil
}

func (o *keyedOp[K, T, U]) Push(_ int, b flow.Batch) (err error) {
	defer guard(o.c.ctx, &err)
	in := b.(*flow.KeyedVec[K, T])
	backend, current := o.k.backend, &o.k.backend.Current
	timed := len(in.Times) > 0
	o.begin(in.N)
	for from := 0; from < in.N; from += keyed.Ahead {
		to := min(from+keyed.Ahead, in.N)
		backend.LookAhead(in.Keys[from:to], in.Codes[from:to], in.Groups[from:to])
		if timed {
			if err := o.pushTimed(in.Values[from:to], in.Times[from:to]); err != nil {
				return err
			}
			continue
		}
		for _, v := range in.Values[from:to] {
			current.Next()
			if err := o.fn(v); err != nil {
				return blame(o.c.ctx, err)
			}
		}
	}
	current.End()
	return o.end()
}

// pushTimed processes records with timestamps.
func (o *keyedOp[K, T, U]) pushTimed(values []T, times []Time) error {
	current := &o.k.backend.Current
	for i, v := range values {
		current.Next()
		o.k.at = times[i]
		o.stamp(times[i])
		if err := o.fn(v); err != nil {
			return blame(o.c.ctx, err)
		}
	}
	return nil
}

// Mark remembers how far event time has come, and passes it on.
func (o *keyedOp[K, T, U]) Mark(m flow.Mark) error {
	o.k.watermark = m.Time
	return o.plainOp.Mark(m)
}

func (o *keyedOp[K, T, U]) Snapshot(CheckpointID) (flow.Snapshot, error) {
	if err := o.misused(nil); err != nil {
		return flow.Snapshot{}, err
	}
	s := o.k.backend.Snapshot()
	if s == nil {
		return flow.Snapshot{}, nil
	}
	return flow.Snapshot{Keyed: s}, nil
}
