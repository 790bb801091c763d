package job

import (
	"context"
	"errors"
	"net"
	"strings"
	"syscall"
	"time"

	"github.com/weirstream/weir/internal/coordinator"
	"github.com/weirstream/weir/internal/plan"
)

// Restart says when a job is restarted: after a pause that doubles from Initial to Max, and
// at most Limit times without a complete checkpoint in between.
type Restart struct {
	Initial, Max time.Duration
	Limit        int
	// Same ends the job when a function of the user has failed so often in a row with the
	// same error, without a complete checkpoint in between. 0 means that only Limit counts.
	Same int
}

// backoff counts the restarts since the last complete checkpoint.
type backoff struct {
	Restart
	failures int
	last     failure
	same     int // how often the last failure came in a row
}

// verdict says what happens to a job whose attempt has failed.
type verdict uint8

const (
	restart verdict = iota
	tooMany         // it has failed too often
	again           // a function of the user fails in the same way each time
)

// next decides about the next attempt, and returns the pause before it. progress says that
// the attempt that failed has completed a checkpoint.
func (b *backoff) next(progress bool, f failure) (pause time.Duration, v verdict) {
	if progress {
		b.failures, b.same = 0, 0
	}
	switch {
	case f != b.last:
		b.last, b.same = f, 1
	default:
		b.same++
	}
	switch {
	case f.bug && b.Same > 0 && b.same >= b.Same:
		return 0, again
	case b.failures >= b.Limit:
		return 0, tooMany
	}
	pause = b.Initial
	for range b.failures {
		if pause >= b.Max/2 {
			pause = b.Max
			break
		}
		pause *= 2
	}
	b.failures++
	return min(pause, b.Max), restart
}

// Kind says which part of the job has made an attempt fail, for counting.
type Kind uint8

const (
	// Other: none of the others.
	Other Kind = iota
	// Function: a function of an operator returned an error or panicked.
	Function
	// Source: splits could not be listed, opened or read.
	Source
	// Sink: output could not be written, prepared or committed.
	Sink
	// Checkpointing: too many checkpoints in a row have failed.
	Checkpointing
	// Recovery: the job could not be started from its checkpoint.
	Recovery
	// UserCodeStuck: user code did not return.
	UserCodeStuck
)

// Kinds is how many kinds there are.
const Kinds = int(UserCodeStuck) + 1

func (k Kind) String() string {
	return [...]string{"other", "function", "source", "sink", "checkpoints", "recovery", "stuck"}[k]
}

// kindOf returns the kind of a failure.
func kindOf(p *plan.Plan, err error) Kind {
	var (
		from  interface{ Origin() (string, int) }
		stuck *StuckError
		many  *CheckpointsError
		start *RecoveryError
	)
	switch {
	case errors.As(err, &stuck):
		return UserCodeStuck
	case errors.As(err, &many):
		return Checkpointing
	case errors.As(err, &from):
		operator, _ := from.Origin()
		for _, n := range p.Nodes {
			switch {
			case n.Label() != operator:
			case n.Source != nil:
				return Source
			case n.Sink != nil:
				return Sink
			default:
				return Function
			}
		}
	case errors.As(err, &start):
		return Recovery
	}
	return Other
}

// A CheckpointsError says that the attempt has ended because of its checkpoints.
type CheckpointsError struct {
	Cause coordinator.Cause
	Err   error
}

func (e *CheckpointsError) Error() string { return e.Err.Error() }
func (e *CheckpointsError) Unwrap() error { return e.Err }

// A RecoveryError says that the job could not be started from a checkpoint.
type RecoveryError struct{ Err error }

func (e *RecoveryError) Error() string { return "recover: " + e.Err.Error() }
func (e *RecoveryError) Unwrap() error { return e.Err }

// A failure is the part of an error that is compared: two attempts have failed in the same
// way if their failures are equal.
type failure struct {
	operator string
	text     string
	// bug says that a bug in a function of the user may be the cause: an operator has
	// failed, not a source or a sink, and nothing outside of the program.
	bug bool
}

// failureOf returns the part of an error that is compared.
func failureOf(p *plan.Plan, err error) failure {
	var from interface {
		Origin() (operator string, subtask int)
	}
	if !errors.As(err, &from) {
		return failure{text: err.Error()}
	}
	operator, _ := from.Origin()
	// A panic has its stack after the first line, with addresses that differ each time.
	text, _, _ := strings.Cut(err.Error(), "\n")
	return failure{operator: operator, text: text, bug: isFunction(p, operator) && !outside(err)}
}

// isFunction reports whether an operator is neither a source nor a sink.
func isFunction(p *plan.Plan, operator string) bool {
	for _, n := range p.Nodes {
		if n.Label() == operator {
			return n.Source == nil && n.Sink == nil
		}
	}
	return false
}

// outside reports whether an error has a cause outside of the program: a network error, a
// failed call of the operating system, or a deadline.
func outside(err error) bool {
	var network net.Error
	var errno syscall.Errno
	return errors.As(err, &network) || errors.As(err, &errno) || errors.Is(err, context.DeadlineExceeded)
}
