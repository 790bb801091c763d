package job

import (
	"context"
	"errors"
	"fmt"

	"github.com/weirstream/weir/checkpoint"
)

// ErrNotRunning says that the job is not running: it has not begun, it has ended, or it waits
// for a restart.
var ErrNotRunning = errors.New("the job is not running")

// Taken is the answer to a caller that has asked for a checkpoint.
type Taken struct {
	ID  checkpoint.ID
	Err error
}

// Checkpoint has the running attempt take a checkpoint now, and waits until it is complete.
func (m *Monitor) Checkpoint(ctx context.Context) (checkpoint.ID, error) {
	m.mu.Lock()
	ask := m.ask
	m.mu.Unlock()
	reply := make(chan Taken, 1)
	if ask == nil || !ask(asked{reply}) {
		return 0, ErrNotRunning
	}
	select {
	case t := <-reply:
		return t.ID, t.Err
	case <-ctx.Done():
		return 0, context.Cause(ctx)
	}
}

// askers are the callers that have asked for a checkpoint.
type askers struct {
	waiting []chan<- Taken // for the next one
	under   []chan<- Taken // for the one that is under way
}

// begin says that a checkpoint begins.
func (a *askers) begin() { a.under, a.waiting = append(a.under, a.waiting...), nil }

// answer answers those that wait for the checkpoint under way.
func (a *askers) answer(t Taken) {
	for _, reply := range a.under {
		reply <- t
	}
	a.under = nil
}

// turnAway answers the callers that are left when the attempt has ended. left are the events
// that it has not heard. If the final checkpoint is complete, it holds everything.
func (c *conductor) turnAway(left []any) {
	for _, e := range left {
		if ask, ok := e.(asked); ok {
			c.askers.waiting = append(c.askers.waiting, ask.reply)
		}
	}
	c.askers.begin()
	if c.end == nil {
		c.askers.answer(Taken{ID: c.Monitor.View().LastComplete})
		return
	}
	c.askers.answer(Taken{Err: fmt.Errorf("the attempt has ended before the checkpoint was complete: %w", c.end)})
}
