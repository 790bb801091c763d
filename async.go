package weir

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/weirstream/weir/internal/codec"
	"github.com/weirstream/weir/internal/flow"
	"github.com/weirstream/weir/internal/metrics"
	"github.com/weirstream/weir/internal/plan"
)

const kindAsync = "async"

// AsyncOptions say how [Async] makes its requests.
type AsyncOptions struct {
	// Capacity is how many requests each subtask has at a time, at least 1: those that wait
	// for an answer, and those whose answer waits for its turn. When there are so many, the
	// input waits.
	Capacity int
	// Timeout is how long a request may take, with all its retries. 0 means any time.
	Timeout time.Duration
	// Unordered lets answers be emitted as they come. Watermarks keep their place: an answer
	// does not overtake one, nor does one overtake an answer. Without it answers are emitted
	// in the order of the requests.
	Unordered bool
	// Retry is asked, if it is not nil, when fn has returned an error: whether to call fn
	// again, and after which pause. The first attempt is number 1. Several goroutines may
	// call it at a time.
	Retry func(attempt int, err error) (pause time.Duration, again bool)
	// Codec, made by [WithCodec], is for records that have no codec of their own.
	Codec StateOption
}

// An AsyncTimeoutError says that a request has not been answered in time.
type AsyncTimeoutError struct {
	Record  any // what was asked about
	Timeout time.Duration
	Last    error // the last error of fn, if it has returned one
}

func (e *AsyncTimeoutError) Error() string {
	last := ""
	if e.Last != nil {
		last = fmt.Sprintf(" (its last error: %v)", e.Last)
	}
	return fmt.Sprintf("no answer within %v to the request for record %+v%s: give Async a function for this case, or a longer AsyncOptions.Timeout", e.Timeout, e.Record, last)
}

// Unwrap says that it is a deadline, and one that a restart may heal.
func (e *AsyncTimeoutError) Unwrap() []error { return []error{context.DeadlineExceeded, e.Last} }

// Async asks something outside of the job about each record: a database, a service. fn runs
// in other goroutines than the job, for up to o.Capacity records of a subtask at a time. It
// returns what is emitted for the record, with the record's timestamp; an error or a panic
// fails the job's attempt. ctx ends when the request has timed out and when the subtask
// ends: fn must return then. fn must not change what the record refers to.
//
// Requests that have not been answered, and those whose answer has not been emitted, are
// state: after a restart, also at another parallelism, they are made again. So a request may
// be made more than once, and its answer is emitted once. T needs a [Codec]. When the input
// ends, all requests are answered before event time comes to its end; when the job is
// stopped, they are kept for the next run.
//
// onTimeout, if it is given, returns what is emitted for a record whose request has timed
// out; without it the attempt fails with an [AsyncTimeoutError].
//
// The state is that of Flink's AsyncWaitOperator, "_async_wait_operator_state_".
func Async[T, U any](in Stream[T], name string, o AsyncOptions, fn func(context.Context, T) (U, error), onTimeout ...func(T) (U, error)) Stream[U] {
	job := in.owner()
	fail := func(err error) { job.p().Fail(fmt.Errorf("%s: async %s: %w", caller(), name, err)) }
	if o.Capacity < 1 {
		fail(fmt.Errorf("a capacity of %d requests: want at least 1", o.Capacity))
	}
	if o.Timeout < 0 {
		fail(fmt.Errorf("a timeout of %v: want 0, which is none, or more", o.Timeout))
	}
	if len(onTimeout) > 1 || len(onTimeout) == 1 && (onTimeout[0] == nil || o.Timeout == 0) {
		fail(fmt.Errorf("%d functions for requests that time out, and a timeout of %v: want one function that is not nil, with a timeout", len(onTimeout), o.Timeout))
	}
	records, err := asyncCodec[T](o.Codec)
	if err != nil {
		fail(fmt.Errorf("requests are kept in checkpoints, and their records cannot be: %w", err))
	}
	return add[U](job, &plan.Node{
		Kind:   kindAsync,
		Name:   name,
		Inputs: []plan.Edge{in.forward()},
		New: func(ctx *flow.Context, out flow.Output) (flow.Operator, error) {
			op := &asyncOp[T, U]{AsyncOptions: o, records: records}
			op.ordered = !o.Unordered
			if len(onTimeout) > 0 {
				op.onTimeout = onTimeout[0]
			}
			var err error
			op.plainOp, err = openPlain(ctx, out, func(c *Context, _ *Out[U]) bool {
				if err := op.restore(c.restoredList(asyncState)); err != nil {
					c.fail(err)
				}
				return true
			})
			if err != nil {
				return nil, err
			}
			op.inFlight = ctx.Metrics.Gauge("async_in_flight")
			op.timeouts = ctx.Metrics.Counter("async_timeouts")
			op.calls = newAsyncCalls(ctx, &op.AsyncOptions, fn)
			return op, nil
		},
	}, part{"function", fn == nil})
}

func asyncCodec[T any](given StateOption) (codec.Codec[T], error) {
	if given == nil {
		return codec.Of[T]()
	}
	return chosen[T](collect([]StateOption{given}).codec)
}

// An asyncOp is a subtask of Async. Its queue belongs to the task's goroutine; the requests
// are made by the goroutines of calls, and their answers are taken when the task is woken.
type asyncOp[T, U any] struct {
	AsyncOptions
	plainOp[U]
	asyncQueue[T, U]
	records   codec.Codec[T]
	onTimeout func(T) (U, error)
	calls     *asyncCalls[T, U]
	inFlight  *metrics.Gauge
	timeouts  *metrics.Counter
}

// Start makes the requests that were restored.
func (o *asyncOp[T, U]) Start() error {
	o.ask()
	return nil
}

// Push takes all records of the batch in, and makes requests of as many as it may. It waits
// until the records of the batch before have become requests: then the next barrier need
// not wait for an answer.
func (o *asyncOp[T, U]) Push(_ int, b flow.Batch) (err error) {
	defer guard(o.c.ctx, &err)
	in := b.(*flow.Vec[T])
	if err := o.await(func() bool { return o.waiting == nil }); err != nil {
		return err
	}
	o.in.Add(int64(len(in.Values)))
	for i, v := range in.Values {
		at := MinTime
		if len(in.Times) > 0 {
			at = in.Times[i]
		}
		o.add(v, at)
	}
	o.ask()
	return nil
}

// Mark passes a mark on after the answers to all requests before it.
func (o *asyncOp[T, U]) Mark(m flow.Mark) (err error) {
	defer guard(o.c.ctx, &err)
	if o.empty() {
		return o.plainOp.Mark(m)
	}
	o.addMark(m)
	return nil
}

// Finished reports whether no request is left.
func (o *asyncOp[T, U]) Finished() bool { return o.empty() }

// Wake takes the answers that have come.
func (o *asyncOp[T, U]) Wake() (err error) {
	defer guard(o.c.ctx, &err)
	return o.take()
}

// await takes answers until there are enough.
func (o *asyncOp[T, U]) await(enough func() bool) error {
	for !enough() {
		if err := o.c.ctx.Flush(); err != nil {
			return err
		}
		if err := o.calls.wait(); err != nil {
			return err
		}
		if err := o.take(); err != nil {
			return err
		}
	}
	return nil
}

// take takes the answers that have come, emits what it may and makes further requests.
func (o *asyncOp[T, U]) take() error {
	for _, e := range o.calls.take() {
		e.done = true
		if errors.Is(e.err, errTimedOut) {
			o.timeouts.Add(1)
			e.err = &AsyncTimeoutError{Record: e.value, Timeout: o.Timeout, Last: e.last}
			if o.onTimeout != nil {
				e.result, e.err = o.onTimeout(e.value)
			}
		}
		if e.err != nil {
			return blame(o.c.ctx, e.err)
		}
		o.answered(e)
	}
	if err := o.emit(); err != nil {
		return err
	}
	o.ask()
	return nil
}

// emit emits the answers whose turn it is, and passes on the marks between them.
func (o *asyncOp[T, U]) emit() error {
	o.begin(0)
	for e := o.next(); e != nil; e = o.next() {
		if e.isMark {
			if err := o.end(); err != nil {
				return err
			}
			if err := o.plainOp.Mark(e.mark); err != nil {
				return err
			}
			o.begin(0)
			continue
		}
		o.stamp(e.at)
		o.out.Emit(e.result)
	}
	return o.end()
}

// ask makes requests of the records that wait, as many as it may.
func (o *asyncOp[T, U]) ask() {
	for o.waiting != nil && o.asked < o.Capacity && o.calls.make(o.waiting) {
		o.hasAsked()
	}
	o.inFlight.Set(int64(o.asked))
}

func (o *asyncOp[T, U]) Close() error {
	o.calls.close()
	return o.plainOp.Close()
}
