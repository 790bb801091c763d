package weir

import (
	"fmt"
	"runtime/debug"

	"github.com/weirstream/weir/internal/flow"
)

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

// A PanicError is a panic of user code. It fails the attempt like an error.
type PanicError struct {
	Value any    // what was given to panic
	Stack string // where
}

func (e *PanicError) Error() string { return fmt.Sprintf("panic: %v\n%s", e.Value, e.Stack) }

// Permanent tells whether what was given to panic is an error that would come again. The
// panic does not wrap it: a reader that panics with io.EOF has not come to the end.
func (e *PanicError) Permanent() bool {
	err, _ := e.Value.(error)
	return IsPermanent(err)
}

func newPanicError(v any) *PanicError { return &PanicError{Value: v, Stack: string(debug.Stack())} }

// Permanent marks an error as one that would come again: a malformed record, a missing
// file. The job fails at once instead of being restarted.
func Permanent(err error) error { return flow.Permanent(err) }

// IsPermanent tells whether err, or one that it wraps, was marked by Permanent.
func IsPermanent(err error) bool { return flow.IsPermanent(err) }
