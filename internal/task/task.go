// Package task is one subtask of a chain of operators: the loop that aligns barriers, pushes
// batches through the operators and takes their snapshots. A snapshot is written by another
// goroutine, while the loop goes on.
//
//	task.go      the loop
//	snapshot.go  from the frozen state of the operators to an acknowledgement
//	restore.go   from the state in a checkpoint to the state of each subtask
//	fetch.go     reading the splits of a source into the gate
//	idle.go      splits that have nothing for now
//	pace.go      splits that are ahead of others
//	build.go     from nodes of a plan to a chain of operators
//	outputs.go   the receivers of each output of an operator
//
// A task knows its gate, its operators and the functions it reports to; it does not know
// the job.
package task

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/weirstream/weir/checkpoint"
	"github.com/weirstream/weir/internal/align"
	"github.com/weirstream/weir/internal/clock"
	"github.com/weirstream/weir/internal/exchange"
	"github.com/weirstream/weir/internal/flow"
)

// A Control is a message of the job to a task.
type Control struct {
	// Trigger asks a source's task for the barrier of this checkpoint.
	Trigger checkpoint.ID
	// Final belongs to Trigger or Complete. With Trigger, nothing is read after that
	// barrier. With Complete, that checkpoint is the last one.
	Final bool
	// Drain belongs to Trigger: the source sends the mark of the end of time before that
	// barrier.
	Drain bool
	// Complete says that this checkpoint is complete.
	Complete checkpoint.ID
	// Wake is an operator of the chain that asks to be woken, counted from 1.
	Wake int
}

// Reports are the functions by which a task reports to the job. They are called from
// several goroutines and must not block for long.
type Reports struct {
	// Acknowledge says that the task's part of a checkpoint is durable.
	Acknowledge func(task int, part Part)
	// Decline says that the task's part of a checkpoint could not be written.
	Decline func(id checkpoint.ID, err error)
	// Notified says that the task has done everything that waited for this checkpoint to be
	// complete: its sinks have committed.
	Notified func(task int, id checkpoint.ID)
	// Exhausted says that a subtask of a bounded source has read and processed everything.
	Exhausted func(task int)
}

// A Task is one subtask of a chain.
type Task struct {
	Index   int // among all tasks of the job, for the reports
	Name    string
	Subtask checkpoint.Subtask

	gate    *exchange.Gate[Control]
	inputs  []uint16       // channel → input of the head
	aligner *align.Aligner // nil in a source's task
	clock   *clock.Clock   // nil before the first mark, and in a source's task
	head    flow.Operator
	ops     []operator
	outs    []out
	fetch   *fetcher // nil if the task does not read a source
	writers NewWriter
	reports Reports
	writing sync.WaitGroup
	aligned time.Time // when the first barrier of the checkpoint under alignment came

	*Figures
}

// Figures are the counts of one task. Any goroutine may read them.
type Figures struct {
	records, batches atomic.Int64
	idle, blocked    atomic.Int64 // nanoseconds
	watermark        atomic.Int64
}

// operator is one operator of the chain, with the identity of its state.
type operator struct {
	flow.Operator
	name  string
	id    checkpoint.OperatorID
	asked *atomic.Bool // to be woken
}

// out is the sending end of one edge.
type out struct {
	flow.Sender
	broadcast func(exchange.Element) error // to all receivers of the edge
}

// Records returns how many records have come into the task so far.
func (f *Figures) Records() int64 { return f.records.Load() }

// Batches returns how many batches have come into the task so far.
func (f *Figures) Batches() int64 { return f.batches.Load() }

// Idle returns how long the task has waited for input so far.
func (f *Figures) Idle() time.Duration { return time.Duration(f.idle.Load()) }

// Blocked returns how long the task has waited so far because a channel to a receiver was
// full.
func (f *Figures) Blocked() time.Duration { return time.Duration(f.blocked.Load()) }

// AddBlocked adds to the time that the task has waited for receivers.
func (f *Figures) AddBlocked(d time.Duration) {
	if d > 0 {
		f.blocked.Add(int64(d))
	}
}

// Watermark returns how far event time has come in the task.
func (f *Figures) Watermark() flow.Time { return flow.Time(f.watermark.Load()) }

// Run processes until the gate is closed, ctx ends or something fails. It returns nil if
// the gate was closed and nothing has failed. When it returns, no goroutine of the task is
// running any more.
func (t *Task) Run(ctx context.Context) (err error) {
	if err := t.start(); err != nil {
		t.gate.Close()
		return errors.Join(err, t.Close())
	}
	ctx, cancel := context.WithCancel(ctx)
	var fetching sync.WaitGroup
	failed := make(chan error, 1)
	if t.fetch != nil {
		fetching.Go(func() {
			if err := t.fetch.run(ctx); err != nil && ctx.Err() == nil && !errors.Is(err, exchange.ErrClosed) {
				failed <- err
				t.gate.Close()
			}
		})
	}
	err = t.loop()
	cancel()
	t.gate.Close()
	fetching.Wait()
	select {
	case fetchErr := <-failed:
		err = fetchErr
	default:
	}
	t.writing.Wait()
	return errors.Join(err, t.Close())
}

// Close closes the operators of a task that does not run. Run calls it at its end. The
// error is a *CloseError.
func (t *Task) Close() error {
	var errs []error
	for _, op := range t.ops {
		if err := op.Close(); err != nil {
			errs = append(errs, fmt.Errorf("close operator %s: %w", op.name, err))
		}
	}
	if errs == nil {
		return nil
	}
	return &CloseError{errors.Join(errs...)}
}

// A CloseError says that operators could not be closed. What they had to do for checkpoints
// was done before.
type CloseError struct{ Err error }

func (e *CloseError) Error() string { return e.Err.Error() }
func (e *CloseError) Unwrap() error { return e.Err }

func (t *Task) start() error {
	for _, op := range t.ops {
		if s, ok := op.Operator.(flow.Starter); ok {
			if err := s.Start(); err != nil {
				return err
			}
		}
	}
	return nil
}

// loop is the task's goroutine. Between two elements no operator is running and no
// record is on its way inside the chain.
func (t *Task) loop() error {
	for {
		r, ok, err := t.gate.Receive(false)
		if err == nil && !ok {
			// No input is waiting: send what is buffered, then wait.
			if err := t.flush(); err != nil {
				return stopped(err)
			}
			began := time.Now()
			r, _, err = t.gate.Receive(true)
			t.idle.Add(int64(time.Since(began)))
		}
		if err != nil {
			return stopped(err)
		}
		if r.Control != nil {
			err = t.control(*r.Control)
		} else {
			err = t.element(r.Channel, r.Element)
		}
		if err != nil {
			return stopped(err)
		}
	}
}

// stopped returns nil for the error that says that the gate was closed: the task has
// ended, it has not failed.
func stopped(err error) error {
	if errors.Is(err, exchange.ErrClosed) {
		return nil
	}
	return err
}

func (t *Task) element(channel int, e exchange.Element) error {
	switch e.Kind {
	case exchange.Barrier:
		return t.barrier(channel, e.Barrier)
	case exchange.Mark:
		if t.fetch != nil { // the fetcher has a clock
			return t.mark(e.Mark)
		}
		if t.clock == nil {
			t.clock = clock.New(len(t.inputs))
		}
		if m, changed := t.clock.Mark(channel, e.Mark); changed {
			return t.mark(m)
		}
		return nil
	case exchange.End:
		if err := t.endOfTime(); err != nil {
			return err
		}
		t.reports.Exhausted(t.Index)
		return nil
	}
	t.records.Add(int64(e.Batch.Len()))
	t.batches.Add(1)
	if err := t.head.Push(int(t.inputs[channel]), e.Batch); err != nil {
		return err
	}
	e.Batch.Release()
	return nil
}

// mark passes a mark through the operators: event time has come to m.Time.
func (t *Task) mark(m flow.Mark) error {
	t.watermark.Store(int64(m.Time))
	return t.head.Mark(m)
}

// endOfTime passes the last mark through the operators: no record comes any more.
func (t *Task) endOfTime() error {
	return t.mark(flow.Mark{Time: flow.MaxTime})
}

func (t *Task) control(c Control) error {
	switch {
	case c.Trigger != 0:
		if c.Final {
			t.gate.Hold(fetchChannel)
		}
		if c.Drain {
			if err := t.endOfTime(); err != nil {
				return err
			}
		}
		return t.snapshot(c.Trigger)
	case c.Complete != 0:
		return t.complete(c)
	case c.Wake != 0:
		op := &t.ops[c.Wake-1]
		op.asked.Store(false)
		return op.Operator.(flow.Waker).Wake()
	}
	return nil
}

// complete tells the operators that a checkpoint is complete, and the readers that want
// to know.
func (t *Task) complete(c Control) error {
	if l, ok := t.head.(flow.Listener); ok && t.fetch != nil && t.fetch.wantsCommits() {
		t.fetch.committed(l.Positions(c.Complete))
	}
	for _, op := range t.ops {
		if err := op.Complete(c.Complete); err != nil {
			return err
		}
	}
	done := func() { t.reports.Notified(t.Index, c.Complete) }
	if c.Final && t.fetch != nil {
		t.fetch.whenCommitted(done)
		return nil
	}
	done()
	return nil
}

func (t *Task) barrier(channel int, id checkpoint.ID) error {
	if t.aligned.IsZero() {
		t.aligned = time.Now()
	}
	switch t.aligner.Barrier(channel, id) {
	case align.Hold:
		t.gate.Hold(channel)
	case align.Restart:
		t.aligned = time.Now()
		t.gate.Release()
		t.gate.Hold(channel)
	case align.Take:
		if err := t.snapshot(id); err != nil {
			return err
		}
		t.gate.Release()
	}
	return nil
}

func (t *Task) flush() error {
	for _, o := range t.outs {
		if err := o.Flush(); err != nil {
			return err
		}
	}
	return nil
}

// Known appends the splits that the task reads or has read, with their positions. Any
// goroutine may call it.
func (t *Task) Known(dst []Known) []Known { return t.fetch.appendKnown(dst) }

// Offer gives the task a split to read, with the position to begin at. If the task knows
// the split already, Offer does nothing, unless the split has ended and again is true. Any
// goroutine may call it.
func (t *Task) Offer(s flow.Split, again bool) { t.fetch.offer(s, again) }

// Forget removes a split: its position leaves the checkpoints. Any goroutine may call it.
func (t *Task) Forget(id string) { t.fetch.drop(id) }
