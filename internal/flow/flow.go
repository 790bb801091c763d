// Package flow is the threshold between the language and the engine: the few erased
// words both sides share. The language (package weir) makes operators that are typed
// inside; the engine moves batches of which it does not know the type. A type is
// asserted once per batch, never per record.
//
// The package holds contracts and no behaviour beyond them: no goroutine, no clock, no
// I/O. It may import the ground (checkpoint, flink) and the words of time (eventtime) only.
//
//	flow.go      operators, their outputs and their context
//	vec.go       batches
//	mark.go      how far event time has come
//	snapshot.go  what operators keep in a checkpoint
//	source.go    sources and sinks, erased
//	split.go     a split as it is in a checkpoint
//	errors.go    errors that a restart cannot heal
package flow

import (
	"context"
	"log/slog"
	"reflect"

	"github.com/weirstream/weir/checkpoint"
	"github.com/weirstream/weir/internal/metrics"
)

// BatchSize is how many records a full batch holds. It is large enough that the cost
// of passing a batch on disappears in the cost of its records, and small enough that
// a batch of ordinary records stays in a core's cache on its way through a chain.
const BatchSize = 512

// A Batch is a run of records of one type, erased: a *Vec[T] or a *KeyedVec[K, T].
//
// A batch that is given to Push belongs to the caller again when Push returns: an
// operator that keeps a record copies it. A batch that is sent over a link belongs to
// the receiver, which gives it back with Release.
type Batch interface {
	Len() int
	// Release gives the batch back to where it came from, for reuse. The caller must
	// not touch it any more.
	Release()
}

// An Output takes what an operator emits: batches, and marks between them.
type Output interface {
	Push(Batch) error
	// Mark says how far event time has come for what is pushed afterwards.
	Mark(Mark) error
}

// An Operator is one subtask of an operator, as the engine drives it: all methods are
// called by one goroutine, that of its task.
type Operator interface {
	// Push processes a batch that came on the given input, counted from 0, and pushes
	// what comes of it to the operator's outputs before it returns. An operator keeps
	// no record back; what it keeps is state.
	Push(input int, b Batch) error
	// Mark says how far event time has come on all inputs together. The operator does
	// what was due until then, and passes the mark on to its outputs. The mark of the end
	// of time comes in each job whose input ends, also in one without event time.
	Mark(Mark) error
	// Snapshot is the synchronous part of checkpoint id: it is called between two
	// batches, after a barrier has arrived on all inputs, and holds up processing.
	// It must not take longer for a larger state.
	Snapshot(id checkpoint.ID) (Snapshot, error)
	// Complete says that checkpoint id is complete: effects that waited for it may
	// become visible now. Ids come in rising order, but not every id comes.
	Complete(id checkpoint.ID) error
	// Close lets go of what the operator holds. What is not in a complete checkpoint is
	// lost on purpose.
	Close() error
}

// A Starter is an operator that has something to do when the job begins to run: after
// every operator of the job was built and restored and every sink has recovered, before
// the first Push. Start is called by the task's goroutine.
type Starter interface {
	Start() error
}

// A Waker is an operator that has something to do when no input comes: when a time has
// come, or what it waits for is done. Its Context.Wake has Wake called, between two
// elements of the input, by the task's goroutine.
type Waker interface {
	Wake() error
}

// A Finisher is an operator that may have something to do after the mark of the end of time:
// it holds the mark back until it has done it. A job whose input has ended goes on until all
// of them have finished.
type Finisher interface {
	Waker
	// Finished reports whether the mark of the end of time has been passed on.
	Finished() bool
}

// Stateless is embedded by operators that hold nothing across batches.
type Stateless struct{}

// Snapshot returns the empty snapshot.
func (Stateless) Snapshot(checkpoint.ID) (Snapshot, error) { return Snapshot{}, nil }

// Complete does nothing.
func (Stateless) Complete(checkpoint.ID) error { return nil }

// Close does nothing.
func (Stateless) Close() error { return nil }

// Context is what an operator knows of its place in the running job.
type Context struct {
	Operator       string // the operator's name, for people
	ID             checkpoint.OperatorID
	Subtask        checkpoint.Subtask
	Parallelism    int
	MaxParallelism int
	Incarnation    checkpoint.Incarnation
	Attempt        int // counts the attempts of this incarnation, from 1
	// EventTime says that batches have a column of timestamps.
	EventTime bool
	// Drain says that a snapshot after the mark of the end of time may be that of a job which
	// is stopped and drained: a Finisher finishes before it.
	Drain bool
	// Restored is nil at the first start of a job.
	Restored *Restored
	// AllowNonRestored lets the operator drop restored state that it does not declare.
	AllowNonRestored bool
	// Ctx ends when the task must stop. Blocking calls of user code get it.
	Ctx context.Context
	Log *slog.Logger
	// Side returns where the records of a side output go, and the type they are read as;
	// nil for one that nothing reads.
	Side func(port string) (Output, reflect.Type)
	// Wake has the task call the operator's Wake soon. It never waits, and any goroutine may
	// call it, also when the task has ended. Calls before Wake begins are one. An operator
	// that is no Waker must not use it.
	Wake func()
	// Flush sends what the operators of the chain have emitted and the senders still hold. An
	// operator that waits while it is called uses it, on the task's goroutine.
	Flush func() error
	// Metrics is where the operator's figures are kept.
	Metrics *metrics.Group
}

// Range is the key groups the subtask owns.
func (c *Context) Range() checkpoint.KeyGroupRange {
	return checkpoint.KeyGroupRange{
		Start: (int(c.Subtask)*c.MaxParallelism + c.Parallelism - 1) / c.Parallelism,
		End:   ((int(c.Subtask)+1)*c.MaxParallelism - 1) / c.Parallelism,
	}
}

// A Sender is the sending end of an edge between two tasks: an output that routes,
// copies and buffers records.
type Sender interface {
	Output
	// Flush sends what is buffered. It is called when the task has no input waiting,
	// and before every barrier.
	Flush() error
}

// Through is embedded by operators that pass marks on as they come.
type Through struct{ Out Output }

// Mark passes the mark on.
func (t Through) Mark(m Mark) error { return t.Out.Mark(m) }
