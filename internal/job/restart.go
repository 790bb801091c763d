package job

import (
	"context"
	"errors"
	"net"
	"strings"
	"syscall"
	"time"

	"github.com/weirstream/weir/internal/plan"
)

// Restart says how patiently a job is restarted: after a pause that doubles from Initial
// to Max, and at most Limit times without a complete checkpoint in between.
type Restart struct {
	Initial, Max time.Duration
	Limit        int
	// Same is how often in a row, without a complete checkpoint in between, a function of
	// the user may fail with one and the same error before the job ends; 0 means as often
	// as Limit permits.
	Same int
}

// backoff counts the restarts since the last complete checkpoint.
type backoff struct {
	Restart
	failures int
	last     failure
	same     int // how often the last failure came in a row
}

// verdict is what becomes of a job whose attempt has failed.
type verdict uint8

const (
	restart verdict = iota
	tooMany         // it has failed too often
	again           // a function of the user fails in the same way each time
)

// next returns the pause before the next attempt, if there is to be one.
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

// A failure is what two attempts that fail in the same way have in common.
type failure struct {
	operator string
	text     string
	// bug says that it may come from a bug of a function of the user: an operator, and
	// neither a source nor a sink, has failed, and not because of something outside.
	bug bool
}

// failureOf returns what is to be compared of an error.
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

// isFunction reports whether an operator runs a function of the user, and neither reads nor
// writes.
func isFunction(p *plan.Plan, operator string) bool {
	for _, n := range p.Nodes {
		if n.Label() == operator {
			return n.Source == nil && n.Sink == nil
		}
	}
	return false
}

// outside reports whether an error has a cause outside of the program: something that was
// called and did not answer, or a call of the operating system that failed.
func outside(err error) bool {
	var network net.Error
	var errno syscall.Errno
	return errors.As(err, &network) || errors.As(err, &errno) || errors.Is(err, context.DeadlineExceeded)
}
