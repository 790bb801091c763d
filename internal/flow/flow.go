// Package flow is the threshold between the language and the engine: the few erased
// words both sides share. The language (package weir) makes operators that are typed
// inside; the engine moves batches of which it does not know the type. A type is
// asserted once per batch, never per record.
//
// The package holds contracts and no behaviour beyond them: no goroutine, no clock, no
// I/O. It may import the ground (checkpoint) only.
package flow

import (
	"context"
	"io"
	"log/slog"

	"github.com/weirstream/weir/checkpoint"
)

// BatchSize is how many records a full batch holds. It is large enough that the cost
// of passing a batch on disappears in the cost of its records, and small enough that
// a batch of ordinary records stays in a core's cache on its way through a chain.
const BatchSize = 512

// A Batch is a run of records of one type, erased: a *Vec[T] or a *KeyedVec[K, T].
//
// A batch that is given to Push belongs to the caller again when Push returns:
// whoever wants to keep a record copies it. A batch that is sent over a link belongs
// to the receiver, who gives it back with Release.
type Batch interface {
	Len() int
	// Release gives the batch back to where it came from, for reuse. The caller must
	// not touch it any more.
	Release()
}

// An Output takes the batches an operator emits.
type Output interface {
	Push(Batch) error
}

// An Operator is one subtask of an operator, as the engine drives it: all methods are
// called by one goroutine, that of its task.
type Operator interface {
	// Push processes a batch and pushes what comes of it to the operator's output
	// before it returns. An operator keeps no record back; what it keeps is state.
	Push(Batch) error

	// Snapshot is the synchronous part of checkpoint id: it is called between two
	// batches, after a barrier has arrived on all inputs, and holds up processing.
	// It must not take longer for a larger state.
	Snapshot(id checkpoint.ID) (Snapshot, error)

	// Complete says that checkpoint id is complete: effects that waited for it may
	// become visible now. Ids come in rising order, but not every id comes.
	Complete(id checkpoint.ID) error

	// Close gives up what the operator holds. What is not in a complete checkpoint is
	// lost on purpose.
	Close() error
}

// A Starter is an operator that has something to do when the job begins to run: after
// every operator of the job was built and restored and every sink has recovered, before
// the first Push. Start is called by the task's goroutine.
type Starter interface {
	Start() error
}

// Stateless is embedded by operators that hold nothing across batches.
type Stateless struct{}

// Snapshot returns the empty snapshot.
func (Stateless) Snapshot(checkpoint.ID) (Snapshot, error) { return Snapshot{}, nil }

// Complete does nothing.
func (Stateless) Complete(checkpoint.ID) error { return nil }

// Close does nothing.
func (Stateless) Close() error { return nil }

// A Snapshot is an operator's state as it was at a barrier: what remains to be written
// once processing goes on.
type Snapshot struct {
	Keyed KeyedSnapshot // nil if there is no keyed state
	Lists []ListState   // operator state; small, already encoded
}

// A KeyedSnapshot is the frozen keyed state of one subtask. It may be written from
// another goroutine while the operator processes on.
type KeyedSnapshot interface {
	// Range is the key groups it covers.
	Range() checkpoint.KeyGroupRange
	// Write writes the state in Flink's heap native layout and returns, per key group
	// of Range, the offset at which it begins.
	Write(w io.Writer) (offsets []int64, err error)
	// Release unfreezes: the operator need no longer preserve what it overwrites. It is
	// called once, from any goroutine, whether or not Write was called.
	Release()
}

// A ListState is named operator state: a list of elements, each encoded. Restored, the
// elements of all subtasks are pooled and dealt out anew.
type ListState struct {
	Name     string
	Elements [][]byte
}

// A KeyedPart is a piece of keyed state to restore from: what one subtask wrote.
type KeyedPart struct {
	Range   checkpoint.KeyGroupRange
	Offsets []int64 // per key group of Range, where it begins in Data
	Data    io.ReaderAt
	Size    int64
	From    string // for error messages: the file, or that it is inline
}

// Restored is the state a subtask starts from: all keyed parts that hold key groups of
// its range, and its share of the operator state.
type Restored struct {
	Keyed []KeyedPart
	Lists []ListState
}

// List returns the elements of the named list, or nil.
func (r *Restored) List(name string) [][]byte {
	if r == nil {
		return nil
	}
	for _, l := range r.Lists {
		if l.Name == name {
			return l.Elements
		}
	}
	return nil
}

// Context is what an operator knows of its place in the running job.
type Context struct {
	Operator       string // the operator's name, for people
	ID             checkpoint.OperatorID
	Subtask        checkpoint.Subtask
	Parallelism    int
	MaxParallelism int
	Incarnation    checkpoint.Incarnation
	Attempt        int // counts the attempts of this incarnation, from 1

	// Restored is nil at the first start of a job.
	Restored *Restored
	// AllowNonRestored lets the operator drop restored state that it does not declare.
	AllowNonRestored bool

	// Ctx ends when the task must stop. Blocking calls of user code get it.
	Ctx context.Context
	Log *slog.Logger
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
