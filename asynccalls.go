package weir

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/weirstream/weir/internal/flow"
	"github.com/weirstream/weir/internal/metrics"
)

var (
	errTimedOut = errors.New("the request has timed out")
	errGoexit   = errors.New("the goroutine of the request was ended by runtime.Goexit")
)

// asyncCalls are the goroutines that make the requests of one subtask of Async: as many as
// there have been requests at a time. They end with close.
//
// The task's goroutine makes requests and takes answers. A request is answered once: by what
// the function returns, or because its time is over. A goroutine whose request has timed out
// makes no other request before the function has returned.
type asyncCalls[T, U any] struct {
	options  *AsyncOptions
	fn       func(context.Context, T) (U, error)
	retries  *metrics.Counter
	ctx      context.Context // ends with close, and when the task must stop
	cancel   context.CancelFunc
	wake     func()
	requests chan *asyncEntry[T, U]
	running  sync.WaitGroup
	started  int // goroutines

	arrived chan struct{} // has a token after a change of what is below
	mu      sync.Mutex
	busy    int // goroutines that make a request, or are about to
	answers []*asyncEntry[T, U]
}

func newAsyncCalls[T, U any](ctx *flow.Context, o *AsyncOptions, fn func(context.Context, T) (U, error)) *asyncCalls[T, U] {
	c := &asyncCalls[T, U]{
		options: o, fn: fn, wake: ctx.Wake, retries: ctx.Metrics.Counter("async_retries"),
		requests: make(chan *asyncEntry[T, U], o.Capacity), arrived: make(chan struct{}, 1),
	}
	c.ctx, c.cancel = context.WithCancel(ctx.Ctx)
	return c
}

// make has a request made. It reports false if all goroutines are busy.
func (c *asyncCalls[T, U]) make(e *asyncEntry[T, U]) bool {
	c.mu.Lock()
	if c.busy == c.options.Capacity {
		c.mu.Unlock()
		return false
	}
	c.busy++
	more := c.busy > c.started
	c.mu.Unlock()
	if more {
		c.started++
		c.running.Go(c.work)
	}
	c.requests <- e
	return true
}

// take returns the answers that have come.
func (c *asyncCalls[T, U]) take() []*asyncEntry[T, U] {
	c.mu.Lock()
	defer c.mu.Unlock()
	answers := c.answers
	c.answers = nil
	return answers
}

// wait waits for a change.
func (c *asyncCalls[T, U]) wait() error {
	select {
	case <-c.arrived:
		return nil
	case <-c.ctx.Done():
		return context.Cause(c.ctx)
	}
}

// close ends the requests and waits until their goroutines have returned.
func (c *asyncCalls[T, U]) close() {
	c.cancel()
	close(c.requests)
	c.running.Wait()
}

// work makes one request after the other.
func (c *asyncCalls[T, U]) work() {
	var r *asyncRequest[T, U]
	defer func() {
		if r != nil { // the function has not returned and not panicked
			var zero U
			r.answer(zero, errGoexit)
			c.free()
		}
	}()
	for e := range c.requests {
		r = &asyncRequest[T, U]{calls: c, entry: e}
		r.run()
		r = nil
		c.free()
	}
}

// free says that a goroutine can make another request.
func (c *asyncCalls[T, U]) free() {
	c.mu.Lock()
	c.busy--
	c.mu.Unlock()
	c.notify()
}

func (c *asyncCalls[T, U]) notify() {
	select {
	case c.arrived <- struct{}{}:
	default:
	}
	c.wake()
}

// An asyncRequest is one that is being made.
type asyncRequest[T, U any] struct {
	calls    *asyncCalls[T, U]
	entry    *asyncEntry[T, U]
	answered bool  // guarded by calls.mu
	last     error // the last error of an attempt, guarded by calls.mu
}

// run makes the request, with its retries.
func (r *asyncRequest[T, U]) run() {
	c := r.calls
	ctx := c.ctx
	if c.options.Timeout > 0 {
		timed, cancel := context.WithTimeoutCause(ctx, c.options.Timeout, errTimedOut)
		defer cancel()
		// The function may not heed ctx: the time is over all the same.
		defer context.AfterFunc(timed, func() {
			if context.Cause(timed) == errTimedOut {
				var zero U
				r.answer(zero, errTimedOut)
				c.notify()
			}
		})()
		ctx = timed
	}
	result, err := r.attempts(ctx)
	if err != nil && context.Cause(ctx) == errTimedOut {
		err = errTimedOut
	}
	r.answer(result, err)
}

// answer gives the entry its answer, unless it has one.
func (r *asyncRequest[T, U]) answer(result U, err error) {
	c := r.calls
	c.mu.Lock()
	defer c.mu.Unlock()
	if r.answered {
		return
	}
	r.answered = true
	e := r.entry
	e.result, e.err, e.last = result, err, r.last
	c.answers = append(c.answers, e)
}

// attempts calls the function until there is no error, or no retry.
func (r *asyncRequest[T, U]) attempts(ctx context.Context) (result U, err error) {
	defer rescue(&err)
	c := r.calls
	for n := 1; ; n++ {
		result, err = c.fn(ctx, r.entry.value)
		if err == nil || c.options.Retry == nil || ctx.Err() != nil {
			return result, err
		}
		c.mu.Lock()
		r.last = err
		c.mu.Unlock()
		pause, again := c.options.Retry(n, err)
		if !again {
			return result, err
		}
		c.retries.Add(1)
		if !sleep(ctx, pause) {
			return result, err
		}
	}
}

// sleep waits, and reports whether ctx has not ended meanwhile.
func sleep(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}
