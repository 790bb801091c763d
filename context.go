package weir

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"github.com/weirstream/weir/internal/flow"
)

// A Context tells the function of an operator about its subtask. It is given to the function
// that opens the subtask, and may be used until the subtask is closed.
type Context struct {
	ctx        *flow.Context
	sides      sides
	closers    []func() error
	completers []func(CheckpointID) error
	err        error
	opened     bool // the function that opens has returned: err is not looked at any more
}

// Context returns a context.Context that ends when the function must return: the job has
// failed, or is to end without a final checkpoint. Give it to calls that wait.
func (c *Context) Context() context.Context { return c.ctx.Ctx }

// Log returns a logger that names the job, the operator and the subtask.
func (c *Context) Log() *slog.Logger { return c.ctx.Log }

// Subtask returns the number of the parallel instance, from 0.
func (c *Context) Subtask() int { return int(c.ctx.Subtask) }

// Parallelism returns how many parallel instances there are.
func (c *Context) Parallelism() int { return c.ctx.Parallelism }

// OnClose registers f to be called when the subtask ends, however it ends, unless the process
// is killed. If several functions were registered, the last one is called first. If f returns
// an error, the error is logged, or it fails a job that would have ended well.
func (c *Context) OnClose(f func() error) { c.closers = append(c.closers, f) }

// OnComplete registers f to be called when a checkpoint is complete that holds everything the
// subtask has done before the barrier of that checkpoint. Ids come in rising order, but not
// every id comes. An error fails the attempt.
func (c *Context) OnComplete(f func(CheckpointID) error) { c.completers = append(c.completers, f) }

// Counter returns a counter that is shown with the operator's figures. Ask for it when the
// subtask is opened, and not for each record.
func (c *Context) Counter(name string) *Counter {
	return &Counter{c.ctx.Metrics.Counter("user." + name)}
}

func (c *Context) fail(err error) {
	if c.opened {
		panic(err) // in the middle of a record: it becomes an error of the operator
	}
	if c.err == nil {
		c.err = err
	}
}

// complete calls what is to be called when a checkpoint is complete.
func (c *Context) complete(id CheckpointID) (err error) {
	defer guard(c.ctx, &err)
	for _, f := range c.completers {
		if err := f(id); err != nil {
			return blame(c.ctx, fmt.Errorf("after checkpoint %d: %w", id, err))
		}
	}
	return nil
}

// close calls what is to be called at the end.
func (c *Context) close() error {
	var errs []error
	for i := len(c.closers) - 1; i >= 0; i-- {
		errs = append(errs, func() (err error) {
			defer guard(c.ctx, &err)
			if err := c.closers[i](); err != nil {
				return blame(c.ctx, fmt.Errorf("close: %w", err))
			}
			return nil
		}())
	}
	c.closers = nil
	return errors.Join(errs...)
}

// A Counter counts what user code finds worth counting.
type Counter struct{ inner interface{ Add(int64) } }

// Add adds n, which must not be negative.
func (c *Counter) Add(n int64) { c.inner.Add(n) }
