// Package task runs one subtask of a chain: it reads the gate, aligns barriers, pushes
// batches through the operators, takes their snapshots and has them written beside the
// processing.
//
//	task.go      the loop
//	snapshot.go  from the frozen state of the operators to an acknowledgement
//	restore.go   from the state in a checkpoint to what each subtask starts from
//	fetch.go     reading the splits of a source into the gate
//	build.go     from nodes of a plan to a chain of operators
//
// A task knows its gate, its operators and to whom it reports; it does not know the job.
package task

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/weirstream/weir/checkpoint"
	"github.com/weirstream/weir/internal/align"
	"github.com/weirstream/weir/internal/exchange"
	"github.com/weirstream/weir/internal/flow"
)

// A Control is a message of the job to a task.
type Control struct {
	// Trigger asks a source's task for the barrier of this checkpoint.
	Trigger checkpoint.ID
	// Final says that nothing is to be read behind that barrier.
	Final bool
	// Complete says that this checkpoint is complete.
	Complete checkpoint.ID
}

// Reports is whom a task reports to. The functions are called from several goroutines
// and must not block for long.
type Reports struct {
	// Acknowledge says that the task's part of a checkpoint is durable.
	Acknowledge func(task int, part Part)
	// Decline says that the task's part of a checkpoint could not be written.
	Decline func(id checkpoint.ID, err error)
	// Notified says that the effects that waited for a checkpoint are visible.
	Notified func(task int, id checkpoint.ID)
	// Exhausted says that a source's subtask has read and processed all there is.
	Exhausted func(task int)
}

// A Task is one subtask of a chain.
type Task struct {
	Index   int // among all tasks of the job, for the reports
	Name    string
	Subtask checkpoint.Subtask

	gate    *exchange.Gate[Control]
	aligner *align.Aligner // nil in a source's task
	head    flow.Operator
	ops     []operator
	outs    []out
	fetch   *fetcher // nil if the task does not read a source
	writers NewWriter
	reports Reports

	writing sync.WaitGroup
	records atomic.Int64
}

// operator is one operator of the chain, with the identity of its state.
type operator struct {
	flow.Operator
	name string
	id   checkpoint.OperatorID
}

// out is the sending end of one edge.
type out struct {
	flow.Sender
	broadcast func(exchange.Element) error // to all receivers of the edge
}

// Records is how many records have come into the task so far.
func (t *Task) Records() int64 { return t.records.Load() }

// Run processes until the gate is closed, ctx ends or something fails. It returns nil
// after the gate was closed, and only when nothing of the task runs any more.
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
			if err := t.fetch.run(ctx, t.gate); err != nil && ctx.Err() == nil && !errors.Is(err, exchange.ErrClosed) {
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
	if cerr := t.Close(); err == nil {
		err = cerr
	}
	return err
}

// Close closes the operators of a task that does not run. Run does it at its end.
func (t *Task) Close() (err error) {
	for _, op := range t.ops {
		if cerr := op.Close(); err == nil && cerr != nil {
			err = fmt.Errorf("close operator %s: %w", op.name, cerr)
		}
	}
	return err
}

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
			// Nothing is waiting: send what is buffered before going to sleep.
			if err := t.flush(); err != nil {
				return stopped(err)
			}
			r, _, err = t.gate.Receive(true)
		}
		if err != nil {
			return stopped(err)
		}
		switch {
		case r.Control != nil:
			err = t.control(*r.Control)
		case r.Element.Barrier != 0:
			err = t.barrier(r.Channel, r.Element.Barrier)
		case r.Element.End:
			t.reports.Exhausted(t.Index)
		default:
			t.records.Add(int64(r.Element.Batch.Len()))
			if err = t.head.Push(r.Element.Batch); err == nil {
				r.Element.Batch.Release()
			}
		}
		if err != nil {
			return stopped(err)
		}
	}
}

// stopped turns the end of the exchange into the end of the task.
func stopped(err error) error {
	if errors.Is(err, exchange.ErrClosed) {
		return nil
	}
	return err
}

func (t *Task) control(c Control) error {
	switch {
	case c.Trigger != 0:
		if c.Final {
			t.gate.Hold(fetchChannel)
		}
		return t.snapshot(c.Trigger)
	case c.Complete != 0:
		for _, op := range t.ops {
			if err := op.Complete(c.Complete); err != nil {
				return err
			}
		}
		t.reports.Notified(t.Index, c.Complete)
	}
	return nil
}

func (t *Task) barrier(channel int, id checkpoint.ID) error {
	switch t.aligner.Barrier(channel, id) {
	case align.Hold:
		t.gate.Hold(channel)
	case align.Restart:
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
