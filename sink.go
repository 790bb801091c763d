package weir

import (
	"context"
	"encoding/binary"
	"fmt"

	"github.com/weirstream/weir/checkpoint"
	"github.com/weirstream/weir/internal/flow"
	"github.com/weirstream/weir/internal/plan"
)

// A Sink is where records go, exactly once. It works in two phases: what is written
// between two checkpoints is prepared (durable, but not visible) when the checkpoint's
// barrier passes, and committed (visible) once the checkpoint is complete. What it takes
// to commit is kept in the checkpoint; so whatever was prepared is committed after a
// restart, and whatever was not is undone.
//
// The sequence over a job's life is
//
//	start:       Commit(what the restored checkpoint holds) ; Abort ; Open per subtask
//	running:     Write … ; Prepare(n) ; Write … ; [n is complete] Commit(…) ; …
//	stop, crash: Close, or nothing at all
//
// A checkpoint that fails leaves what was prepared for it waiting for the next one:
// nothing is undone while the job runs on.
type Sink[T any] interface {
	// Open begins the writing of one subtask.
	Open(ctx context.Context, c SinkContext) (Writer[T], error)

	// Commit makes visible, durably, what was prepared. It must be idempotent: after a
	// crash it is called again for what may have been committed before. It is called
	// for each subtask's own, and at a start for all of them.
	Commit(ctx context.Context, prepared [][]byte) error

	// Abort undoes everything that this sink of this job has written and not committed. It
	// is called at every start, after what is to be kept was committed and before any
	// writer is opened. What other sinks keep in the same place is not touched.
	Abort(ctx context.Context, id SinkID) error
}

// SinkID names a sink.
type SinkID struct {
	Job      string
	Operator string
}

// SinkContext is what a writer may need to know to give what it writes a name that was
// never used before: incarnation, attempt and subtask together are.
type SinkContext struct {
	SinkID
	Subtask     int
	Incarnation checkpoint.Incarnation
	Attempt     int
}

// A Writer is one subtask of a sink. One goroutine uses it.
type Writer[T any] interface {
	// Write takes records; it must not keep the slice. They need not be durable.
	Write(records []T) error

	// Prepare makes everything written since the last Prepare durable, without making it
	// visible, and returns what Commit will need, or nil if nothing was written.
	// After it, id and its answer are part of the checkpoint.
	Prepare(id checkpoint.ID) ([]byte, error)

	// Close gives up what was written and not prepared.
	Close() error
}

// To ends a stream in a sink. The name is the sink's identity: what is prepared is kept
// under it.
func To[T any](in Stream[T], name string, sink Sink[T]) {
	id := SinkID{Job: in.job.Name(), Operator: name}
	add[T](in.job, &plan.Node{
		Kind:   plan.KindSink,
		Name:   name,
		Inputs: []plan.Edge{in.forward()},
		Sink:   erasedSink[T]{id: id, sink: sink},
		New: func(ctx *flow.Context, _ flow.Output) (flow.Operator, error) {
			return &sinkOp[T]{ctx: ctx, id: id, sink: sink}, nil
		},
	})
}

// erasedSink is the part of a sink that the job drives at a start.
type erasedSink[T any] struct {
	id   SinkID
	sink Sink[T]
}

func (s erasedSink[T]) Recover(ctx context.Context, elements [][]byte) (err error) {
	defer rescue(&err)
	prepared := make([][]byte, 0, len(elements))
	for _, e := range elements {
		p, err := decodePending(e)
		if err != nil {
			return fmt.Errorf("sink %s: restored: %w", s.id.Operator, err)
		}
		prepared = append(prepared, p.prepared)
	}
	if len(prepared) > 0 {
		if err := s.sink.Commit(ctx, prepared); err != nil {
			return fmt.Errorf("sink %s: commit what the checkpoint holds prepared: %w", s.id.Operator, err)
		}
	}
	if err := s.sink.Abort(ctx, s.id); err != nil {
		return fmt.Errorf("sink %s: undo what was not committed: %w", s.id.Operator, err)
	}
	return nil
}

// pending is what was prepared for a checkpoint and waits for it, or for a later one, to
// be complete.
type pending struct {
	id       checkpoint.ID
	prepared []byte
}

func (p pending) encode() []byte {
	return append(binary.BigEndian.AppendUint64(nil, uint64(p.id)), p.prepared...)
}

func decodePending(e []byte) (pending, error) {
	if len(e) < 8 {
		return pending{}, fmt.Errorf("prepared output of %d bytes: want at least 8", len(e))
	}
	return pending{id: checkpoint.ID(binary.BigEndian.Uint64(e)), prepared: e[8:]}, nil
}

// A sinkOp is one subtask of a sink.
type sinkOp[T any] struct {
	ctx     *flow.Context
	id      SinkID
	sink    Sink[T]
	writer  Writer[T] // nil before Start
	waiting []pending // rising ids
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
	return nil
}

func (o *sinkOp[T]) Push(b flow.Batch) (err error) {
	defer guard(o.ctx, &err)
	if err := o.writer.Write(b.(*flow.Vec[T]).Values); err != nil {
		return blame(o.ctx, fmt.Errorf("write: %w", err))
	}
	return nil
}

func (o *sinkOp[T]) Snapshot(id checkpoint.ID) (_ flow.Snapshot, err error) {
	defer guard(o.ctx, &err)
	prepared, err := o.writer.Prepare(id)
	if err != nil {
		// What was written is in an unknown state, and the records are gone from the
		// stream: only a restart from the last checkpoint brings them back.
		return flow.Snapshot{}, blame(o.ctx, fmt.Errorf("prepare for checkpoint %d: %w", id, err))
	}
	if prepared != nil {
		o.waiting = append(o.waiting, pending{id: id, prepared: prepared})
	}
	elements := make([][]byte, 0, len(o.waiting))
	for _, p := range o.waiting {
		elements = append(elements, p.encode())
	}
	return flow.Snapshot{Lists: []flow.ListState{{Name: flow.PreparedState, Elements: elements}}}, nil
}

func (o *sinkOp[T]) Complete(id checkpoint.ID) (err error) {
	defer guard(o.ctx, &err)
	n := 0
	var prepared [][]byte
	for n < len(o.waiting) && o.waiting[n].id <= id {
		prepared = append(prepared, o.waiting[n].prepared)
		n++
	}
	if n == 0 {
		return nil
	}
	if err := o.sink.Commit(o.ctx.Ctx, prepared); err != nil {
		return blame(o.ctx, fmt.Errorf("commit checkpoint %d: %w", id, err))
	}
	o.waiting = append(o.waiting[:0:0], o.waiting[n:]...)
	return nil
}

func (o *sinkOp[T]) Close() (err error) {
	defer guard(o.ctx, &err)
	if o.writer == nil {
		return nil
	}
	return o.writer.Close()
}
