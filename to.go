package weir

import (
	"context"
	"fmt"

	"github.com/weirstream/weir/checkpoint"
	"github.com/weirstream/weir/internal/flow"
	"github.com/weirstream/weir/internal/plan"
	"github.com/weirstream/weir/internal/twophase"
)

// To ends a stream in a sink. The name is the sink's identity: checkpoints keep the prepared
// output under it.
func To[T any](in Stream[T], name string, sink Sink[T]) Ended {
	job := in.owner()
	id := SinkID{Job: job.Name(), Operator: name}
	add[T](job, &plan.Node{
		Kind:   plan.KindSink,
		Name:   name,
		Inputs: []plan.Edge{in.forward()},
		Sink:   erasedSink[T]{id: id, sink: sink},
		New: func(ctx *flow.Context, _ flow.Output) (flow.Operator, error) {
			return &sinkOp[T]{ctx: ctx, id: id, sink: sink}, nil
		},
	}, part{"sink", sink == nil})
	return Ended{job: job, node: job.last()}
}

// erasedSink is the part of a sink that the job drives at a start.
type erasedSink[T any] struct {
	id   SinkID
	sink Sink[T]
}

// rescue turns a panic of the sink into an error that names it.
func (s erasedSink[T]) rescue(err *error) {
	if r := recover(); r != nil {
		*err = fmt.Errorf("sink %s: %w", s.id.Operator, newPanicError(r))
	}
}

func (s erasedSink[T]) Claim(ctx context.Context, c flow.Claim) (release func() error, err error) {
	defer s.rescue(&err)
	claimer, ok := s.sink.(Claimer)
	if !ok {
		return nil, nil
	}
	release, err = claimer.Claim(ctx, Claim{
		SinkID: s.id, Owner: c.Owner, Lineage: c.Lineage, Fresh: c.Fresh, From: c.From, BesideOld: c.BesideOld,
	})
	if err != nil {
		return nil, s.blame(err)
	}
	return release, nil
}

func (s erasedSink[T]) Writes() string {
	if w, ok := s.sink.(FileWriting); ok {
		return w.Writes()
	}
	return ""
}

func (s erasedSink[T]) Recover(ctx context.Context, elements [][]byte, committed bool) (err error) {
	defer s.rescue(&err)
	prepared, err := twophase.Restored(elements)
	if err != nil {
		return s.blame(fmt.Errorf("restored: %w", err))
	}
	if len(prepared) > 0 && !committed {
		if err := s.sink.Commit(ctx, prepared); err != nil {
			return s.blame(fmt.Errorf("commit what the checkpoint holds prepared: %w", err))
		}
	}
	if err := s.sink.Abort(ctx, s.id); err != nil {
		return s.blame(fmt.Errorf("undo what was not committed: %w", err))
	}
	return nil
}

func (s erasedSink[T]) Commit(ctx context.Context, element []byte) (err error) {
	defer s.rescue(&err)
	prepared, err := twophase.Restored([][]byte{element})
	if err == nil {
		err = s.sink.Commit(ctx, prepared)
	}
	if err != nil {
		return s.blame(fmt.Errorf("commit what the checkpoint holds prepared: %w", err))
	}
	return nil
}

// blame names the sink whose code returned the error.
func (s erasedSink[T]) blame(err error) error { return &sinkError{s.id.Operator, err} }

// A sinkError says which sink could not be driven at a start.
type sinkError struct {
	sink string
	err  error
}

func (e *sinkError) Error() string { return fmt.Sprintf("sink %s: %v", e.sink, e.err) }
func (e *sinkError) Unwrap() error { return e.err }

// Origin returns the sink.
func (e *sinkError) Origin() (operator string, subtask int) { return e.sink, -1 }

// A sinkOp is one subtask of a sink.
type sinkOp[T any] struct {
	ctx    *flow.Context
	id     SinkID
	sink   Sink[T]
	writer Writer[T] // nil before Start
	phases twophase.Subtask
}

// Start opens the writer: only now has the sink recovered.
func (o *sinkOp[T]) Start() (err error) {
	defer guard(o.ctx, &err)
	o.writer, err = o.sink.Open(o.ctx.Ctx, SinkContext{
		SinkID: o.id, Subtask: int(o.ctx.Subtask), Incarnation: o.ctx.Incarnation, Attempt: o.ctx.Attempt,
	})
	if err != nil {
		return blame(o.ctx, fmt.Errorf("open: %w", err))
	}
	if o.writer == nil {
		return Permanent(blame(o.ctx, fmt.Errorf("open: it returned neither a writer nor an error")))
	}
	return nil
}

func (o *sinkOp[T]) Push(_ int, b flow.Batch) (err error) {
	defer guard(o.ctx, &err)
	if err := o.writer.Write(o.ctx.Ctx, b.(*flow.Vec[T]).Values); err != nil {
		return blame(o.ctx, fmt.Errorf("write: %w", err))
	}
	return nil
}

// Mark does nothing: what is written waits for a checkpoint and not for a time.
func (o *sinkOp[T]) Mark(flow.Mark) error { return nil }

func (o *sinkOp[T]) Snapshot(id checkpoint.ID) (_ flow.Snapshot, err error) {
	defer guard(o.ctx, &err)
	elements, err := o.phases.Prepare(o.ctx.Ctx, o.writer, id)
	if err != nil {
		// What was written is in an unknown state, and the records are gone from the
		// stream: only a restart from the last checkpoint brings them back.
		return flow.Snapshot{}, blame(o.ctx, fmt.Errorf("prepare for checkpoint %d: %w", id, err))
	}
	return flow.Snapshot{Lists: []flow.ListState{{Name: flow.PreparedState, Elements: elements}}}, nil
}

func (o *sinkOp[T]) Complete(id checkpoint.ID) (err error) {
	defer guard(o.ctx, &err)
	err = o.phases.Complete(id, func(prepared [][]byte) error { return o.sink.Commit(o.ctx.Ctx, prepared) })
	if err != nil {
		return blame(o.ctx, fmt.Errorf("commit checkpoint %d: %w", id, err))
	}
	return nil
}

func (o *sinkOp[T]) Close() (err error) {
	defer guard(o.ctx, &err)
	if o.writer == nil {
		return nil
	}
	if err := o.writer.Close(); err != nil {
		return blame(o.ctx, fmt.Errorf("close: %w", err))
	}
	return nil
}
