package weir

import (
	"fmt"
	"runtime/debug"

	"github.com/weirstream/weir/checkpoint"
	"github.com/weirstream/weir/internal/flow"
)

// CheckpointID numbers the checkpoints of a job. A later checkpoint has a higher id, and
// no id is used twice.
type CheckpointID = checkpoint.ID

// Incarnation numbers the runs of a job: no two runs with the same checkpoint directory
// have the same one.
type Incarnation = checkpoint.Incarnation

// An OperatorError says in which operator, and in which of its subtasks, user code
// failed.
type OperatorError struct {
	Operator string
	Subtask  int
	Err      error
}

func (e *OperatorError) Error() string {
	return fmt.Sprintf("operator %s, subtask %d: %v", e.Operator, e.Subtask, e.Err)
}

func (e *OperatorError) Unwrap() error { return e.Err }

// Origin returns the operator and its subtask.
func (e *OperatorError) Origin() (operator string, subtask int) { return e.Operator, e.Subtask }

// A SourceError says which source, and which of its splits, could not be listed, opened or
// read.
type SourceError struct {
	Source string
	Split  string // empty if it is about all of them
	Doing  string // "list splits", "open", "read" …
	Err    error
}

func (e *SourceError) Error() string {
	if e.Split == "" {
		return fmt.Sprintf("source %s: %s: %v", e.Source, e.Doing, e.Err)
	}
	return fmt.Sprintf("source %s: %s split %s: %v", e.Source, e.Doing, e.Split, e.Err)
}

func (e *SourceError) Unwrap() error { return e.Err }

// Origin returns the source.
func (e *SourceError) Origin() (operator string, subtask int) { return e.Source, -1 }

// A PanicError is a panic of user code. It fails the attempt like an error.
type PanicError struct {
	Value any    // what was given to panic
	Stack string // where
}

func (e *PanicError) Error() string { return fmt.Sprintf("panic: %v\n%s", e.Value, e.Stack) }

// Permanent reports whether what was given to panic is an error that would come again. The
// panic does not wrap it: a reader that panics with io.EOF has not come to the end.
func (e *PanicError) Permanent() bool {
	err, _ := e.Value.(error)
	return IsPermanent(err)
}

func newPanicError(v any) *PanicError { return &PanicError{Value: v, Stack: string(debug.Stack())} }

// Permanent marks an error as one that would come again: a malformed record, a missing
// file. The job fails at once instead of being restarted.
func Permanent(err error) error { return flow.Permanent(err) }

// IsPermanent reports whether err, or one that it wraps, was marked by Permanent.
func IsPermanent(err error) bool { return flow.IsPermanent(err) }

// An OutputInUseError says that another run holds the place that a sink writes to. Nothing
// was read or written.
type OutputInUseError struct {
	Place string // the directory, topic or table
	Owner string // the run that holds it, as it named itself
}

func (e *OutputInUseError) Error() string {
	return fmt.Sprintf("another run writes to %s: %s; wait until it has ended, or let this job write elsewhere", e.Place, e.Owner)
}

// Permanent reports that a restart does not help.
func (e *OutputInUseError) Permanent() bool { return true }

// An OldOutputError says that a run would write output a second time, because an earlier run
// of the job has made it visible already. Nothing was read or written.
type OldOutputError struct {
	Place string       // the directory, topic or table
	Found string       // what is there, as "12 files, the first of which is part-…"
	From  CheckpointID // the checkpoint that the run would begin with, 0 for none
}

func (e *OldOutputError) Error() string {
	begin := "without a checkpoint"
	if e.From > 0 {
		begin = fmt.Sprintf("with checkpoint %d, which is older", e.From)
	}
	return fmt.Sprintf("%s holds output of an earlier run of this job (%s), and this run would begin %s: it would write the same records a second time; to go on where that run stopped, bring its checkpoints back; to begin anew, write to another place", e.Place, e.Found, begin)
}

// Permanent reports that a restart does not help.
func (e *OldOutputError) Permanent() bool { return true }
