package job

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/weirstream/weir/checkpoint"
	"github.com/weirstream/weir/checkpoint/store"
	"github.com/weirstream/weir/internal/coordinator"
	"github.com/weirstream/weir/internal/flow"
	"github.com/weirstream/weir/internal/task"
)

// A conductor carries out the coordinator's decisions for one attempt. One goroutine
// uses it; disk work that takes long is done by others, which report back by events.
type conductor struct {
	*attempt
	coordinator *coordinator.Coordinator
	began       time.Time
	unread      int            // subtasks of sources that have not read everything
	beside      sync.WaitGroup // publishing and deleting go on beside the loop

	pending *store.Pending // the checkpoint under way, nil for none
	parts   []task.Part    // of the checkpoint under way
	started time.Time      // when it was triggered
	// publishing says that its publishing has begun and that nobody heard the end of it.
	publishing bool

	over bool
	end  error // what the attempt comes to, once it is over
}

// newWriter begins a state file of the checkpoint under way; tasks call it.
func (a *attempt) newWriter(id checkpoint.ID, what string, subtask checkpoint.Subtask) (task.StateWriter, error) {
	p := a.writing.Load()
	if p == nil || p.ID() != id {
		return nil, fmt.Errorf("checkpoint %d is not under way any more", id)
	}
	return p.NewWriter(what, subtask), nil
}

func newConductor(a *attempt) *conductor {
	cfg := a.Checkpoints
	cfg.Subtasks = len(a.tasks)
	return &conductor{attempt: a, coordinator: coordinator.New(cfg), began: time.Now(), unread: a.sources()}
}

// conduct runs until the attempt is over and returns what it has come to.
func (c *conductor) conduct(ctx context.Context) error {
	stop := ctx.Done()
	for !c.over {
		var wake <-chan time.Time
		var timer *time.Timer
		if at, ok := c.coordinator.Wake(); ok {
			timer = time.NewTimer(at - c.now())
			wake = timer.C
		}
		select {
		case <-stop:
			stop = nil
			c.stop()
		case <-wake:
			c.carryOut(c.coordinator.Tick(c.now()))
		case <-c.events.ready:
			for _, e := range c.events.take() {
				c.hear(e)
			}
		}
		if timer != nil {
			timer.Stop()
		}
	}
	c.wrapUp()
	if c.end == nil && ctx.Err() != nil && c.unread > 0 {
		return ErrStopped
	}
	return c.end
}

// now is the time since the attempt began, which is all the coordinator knows of time.
func (c *conductor) now() time.Duration { return time.Since(c.began) }

// stop begins the end that was asked for from outside.
func (c *conductor) stop() {
	if !c.FinalCheckpoint {
		c.finish(ErrStopped)
		return
	}
	c.log.Info("stopping with a final checkpoint")
	c.carryOut(c.coordinator.Finish(c.now()))
}

func (c *conductor) finish(err error) {
	if !c.over {
		c.over, c.end = true, err
	}
}

func (c *conductor) hear(event any) {
	if c.over {
		return
	}
	now := c.now()
	switch e := event.(type) {
	case taskFailed:
		c.finish(e.err)
	case acknowledged:
		if c.pending != nil && c.pending.ID() == e.part.ID {
			c.parts = append(c.parts, e.part)
		}
		c.carryOut(c.coordinator.Acknowledge(now, e.part.ID, e.task))
	case declined:
		if flow.IsPermanent(e.err) { // another checkpoint would fail in the same way
			c.finish(e.err)
			return
		}
		c.carryOut(c.coordinator.Decline(now, e.id, e.err))
	case notified:
		c.carryOut(c.coordinator.Notified(now, e.id, e.task))
	case exhausted:
		if c.unread--; c.unread == 0 {
			c.log.Info("all input is read; taking the final checkpoint")
			c.carryOut(c.coordinator.Finish(now))
		}
	case published:
		c.hearPublished(now, e)
	}
}

func (c *conductor) hearPublished(now time.Duration, e published) {
	c.publishing = false
	var unknown *store.UnknownOutcomeError
	switch {
	case e.err == nil:
		c.carryOut(c.coordinator.Published(now, e.id))
	case errors.As(e.err, &unknown):
		c.pending = nil // neither used nor aborted
		c.carryOut(c.coordinator.Unknown(now, e.id, e.err))
	case flow.IsPermanent(e.err):
		c.pending = nil // the store has aborted it
		c.finish(e.err)
	default:
		c.pending = nil
		c.carryOut(c.coordinator.PublishFailed(now, e.id, e.err))
	}
}

// carryOut does what was decided.
func (c *conductor) carryOut(decisions []coordinator.Decision) {
	for _, d := range decisions {
		if c.over {
			return
		}
		switch d.Verb {
		case coordinator.Trigger:
			c.trigger()
		case coordinator.Barrier:
			c.wiring.control(task.Control{Trigger: d.ID, Final: d.Final}, true)
		case coordinator.Publish:
			c.publish(d.ID)
		case coordinator.Abort:
			c.abort(d)
		case coordinator.Complete:
			c.complete(d.ID)
		case coordinator.Fail:
			c.finish(d.Reason)
		case coordinator.Done:
			c.finish(nil)
		}
	}
}

func (c *conductor) trigger() {
	c.started = time.Now()
	p, err := c.Store.Begin()
	if flow.IsPermanent(err) {
		c.finish(err)
		return
	}
	if err != nil {
		decisions := c.coordinator.NotBegun(c.now(), err)
		c.logFailed("checkpoint not begun", err)
		c.Monitor.update(func(v *View) { v.Failed++ })
		c.carryOut(decisions)
		return
	}
	c.pending, c.parts = p, nil
	c.writing.Store(p)
	c.carryOut(c.coordinator.Begun(c.now(), p.ID()))
}

// publish has the checkpoint published beside the processing.
func (c *conductor) publish(id checkpoint.ID) {
	c.writing.Store(nil)
	p := c.pending
	c.publishing = true
	meta, blobs := assemble(id, c.parts, c.Parallelism, c.maxParallelismOf)
	c.beside.Go(func() { c.events.put(published{id, p.Publish(meta, blobs, namesOf(c.Plan))}) })
}

func (c *conductor) maxParallelismOf(op checkpoint.OperatorID) int {
	for _, n := range c.Plan.Nodes {
		if n.OperatorID() == op {
			return c.start.maxParal[n.ID]
		}
	}
	return 0
}

func (c *conductor) abort(d coordinator.Decision) {
	c.logFailed("checkpoint failed", d.Reason, "checkpoint", d.ID)
	c.Monitor.update(func(v *View) { v.Failed++ })
	c.writing.Store(nil)
	p := c.pending
	c.pending, c.parts = nil, nil
	if p == nil {
		return
	}
	if err := p.Abort(); err != nil {
		c.log.Warn("leftovers of a failed checkpoint stay until the next start", "checkpoint", d.ID, "error", err)
	}
}

// logFailed logs that a checkpoint has come to nothing, once the coordinator knows, and which
// one is complete, if any; and of a file system that takes no more, for which the job waits,
// when it is tried again.
func (c *conductor) logFailed(what string, err error, attrs ...any) {
	if last := c.Monitor.View().LastComplete; last != 0 {
		attrs = append(attrs, "complete", last)
	}
	if f, ok := lookAtFull(err); ok {
		what, attrs = what+", as a file system takes no more", append(attrs, f.attrs()...)
		if at, ok := c.coordinator.Wake(); ok {
			attrs = append(attrs, "pause", at-c.now())
		}
	}
	c.log.Error(what, append(attrs, "error", err)...)
}

// complete tells everybody that a checkpoint is complete. Only from here on may effects
// that waited for it become visible, and older checkpoints go.
func (c *conductor) complete(id checkpoint.ID) {
	took := time.Since(c.started)
	c.completed = true
	c.pending, c.parts = nil, nil
	c.log.Info("checkpoint complete", "checkpoint", id, "took", took)
	c.Monitor.update(func(v *View) { v.Completed++; v.LastComplete, v.LastTook = id, took })
	c.wiring.control(task.Control{Complete: id}, false)
	c.beside.Go(func() {
		if _, err := c.Store.Subsume(); err != nil {
			c.log.Warn("older checkpoints stay until the next start", "error", err)
		}
	})
}

// wrapUp gives up the checkpoint that is under way, so that whoever still writes to it
// stops, and waits for what goes on beside the loop. A checkpoint that is being published
// may become complete yet; nobody is told, and the next recovery finds it.
func (c *conductor) wrapUp() {
	c.writing.Store(nil)
	c.beside.Wait()
	if c.pending == nil || c.publishing {
		return
	}
	if err := c.pending.Abort(); err != nil {
		c.log.Warn("leftovers of a checkpoint stay until the next start", "checkpoint", c.pending.ID(), "error", err)
	}
}
