package job

import (
	"sync"
	"time"

	"github.com/weirstream/weir/checkpoint"
	"github.com/weirstream/weir/internal/task"
)

// The events of an attempt. conduct takes them in the order in which they came.
type (
	taskFailed   struct{ err error }
	acknowledged struct {
		task int
		part task.Part
	}
	declined struct {
		id  checkpoint.ID
		err error
	}
	notified struct {
		task int
		id   checkpoint.ID
	}
	exhausted struct{ task int }
	asked     struct{ reply chan<- Taken }
	published struct {
		id   checkpoint.ID
		err  error
		took time.Duration
	}
)

// events is a queue without a bound: a task that reports never waits for the job, so the
// job may wait for a task.
type events struct {
	mu     sync.Mutex
	queue  []any
	closed bool
	ready  chan struct{} // holds a token while the queue is not empty
}

func newEvents() *events { return &events{ready: make(chan struct{}, 1)} }

// put reports whether the queue takes the event: it does until it is closed.
func (e *events) put(event any) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.closed {
		return false
	}
	e.queue = append(e.queue, event)
	select {
	case e.ready <- struct{}{}:
	default:
	}
	return true
}

// take returns everything that is in the queue.
func (e *events) take() []any {
	e.mu.Lock()
	defer e.mu.Unlock()
	q := e.queue
	e.queue = nil
	return q
}

// close returns what is left in the queue.
func (e *events) close() []any {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.closed = true
	return e.queue
}
