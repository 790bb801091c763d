package weir

import (
	"fmt"

	"github.com/weirstream/weir/internal/flow"
	"github.com/weirstream/weir/internal/plan"
)

// A Stream is the records of type T that flow from one operator of a job to the next.
// It is a place in the plan, not data; it may be read by any number of operators, each
// of which gets every record.
type Stream[T any] struct {
	job  *Job
	from plan.NodeID
}

// add appends an operator to the job that reads the given inputs.
func add[T any](job *Job, n *plan.Node) Stream[T] {
	if n.Name == "" && (n.Kind == plan.KindSource || n.Kind == plan.KindSink || (len(n.Inputs) > 0 && n.Inputs[0].Keyed)) {
		job.plan.Fail("a %s has no name: it keeps state, and its name is how a restart finds it again", n.Kind)
	}
	return Stream[T]{job: job, from: job.plan.Add(n)}
}

// forward is the edge that hands the stream's records on within a subtask.
func (s Stream[T]) forward() plan.Edge {
	return plan.Edge{From: s.from, NewSender: func(r plan.Routing) flow.Sender {
		return &forwardSender[T]{routing: r, pool: flow.NewVecPool[T]()}
	}}
}

// A forwardSender copies batches to the receiver with the sender's own number.
type forwardSender[T any] struct {
	routing plan.Routing
	pool    *flow.VecPool[T]
	buf     *flow.Vec[T]
}

func (s *forwardSender[T]) Push(b flow.Batch) error {
	in := b.(*flow.Vec[T]).Values
	for len(in) > 0 {
		if s.buf == nil {
			s.buf = s.pool.Get()
		}
		n := min(len(in), flow.BatchSize-len(s.buf.Values))
		s.buf.Values = append(s.buf.Values, in[:n]...)
		in = in[n:]
		if len(s.buf.Values) == flow.BatchSize {
			if err := s.Flush(); err != nil {
				return err
			}
		}
	}
	return nil
}

func (s *forwardSender[T]) Flush() error {
	if s.buf == nil || s.buf.Len() == 0 {
		return nil
	}
	b := s.buf
	s.buf = nil
	return s.routing.Send(s.routing.Self, b)
}

// guard turns a panic of user code into an error of the operator; it is deferred once
// per batch.
func guard(ctx *flow.Context, err *error) {
	if r := recover(); r != nil {
		*err = &OperatorError{Operator: ctx.Operator, Subtask: int(ctx.Subtask), Err: newPanicError(r)}
	}
}

// rescue turns a panic of user code that belongs to no subtask into an error.
func rescue(err *error) {
	if r := recover(); r != nil {
		*err = newPanicError(r)
	}
}

// blame names the operator whose code returned the error.
func blame(ctx *flow.Context, err error) error {
	return &OperatorError{Operator: ctx.Operator, Subtask: int(ctx.Subtask), Err: err}
}

// sameJob says if an operator would join streams of two jobs.
func sameJob(a, b *Job, what string) error {
	if a != b {
		return fmt.Errorf("%s joins streams of two jobs, %q and %q", what, a.Name(), b.Name())
	}
	return nil
}
