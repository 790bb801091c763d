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
// uses it. Other goroutines do the disk work that takes long, and report by events.
type conductor struct {
	*attempt
	coordinator *coordinator.Coordinator
	began       time.Time
	unread      int            // tasks that have not come to the end of the input
	beside      sync.WaitGroup // goroutines that publish, delete and note commits

	pending *store.Pending // the checkpoint under way, nil for none
	parts   []task.Part    // of the checkpoint under way
	phases  Phases
	started time.Time // when it was triggered
	warned  time.Time // when the log last said that it takes long
	// publishing says that publishing has begun, and that its outcome has not come yet.
	publishing bool
	effects    effects
	askers     askers

	stopping bool      // the caller has asked for the end
	progress time.Time // when an event last came after that
	over     bool
	end      error // the result of the attempt, once it is over
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
	return &conductor{attempt: a, coordinator: coordinator.New(cfg), began: time.Now(), unread: a.ends(), effects: effects{tasks: len(a.tasks)}}
}

// conduct runs until the attempt is over, and returns its result.
func (c *conductor) conduct(ctx context.Context) error {
	stop := ctx.Done()
	for !c.over {
		var wake <-chan time.Time
		var timer *time.Timer
		if d, ok := c.nextWake(); ok {
			timer = time.NewTimer(d)
			wake = timer.C
		}
		select {
		case <-stop:
			stop = nil
			c.stop(ctx)
		case <-wake:
			c.carryOut(c.coordinator.Tick(c.now()))
			c.tellSlow()
			c.losePatience(ctx)
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
		return stoppedBy(ctx)
	}
	return c.end
}

// nextWake returns how long conduct can wait for an event. ok is false if it can wait for
// ever.
func (c *conductor) nextWake() (d time.Duration, ok bool) {
	consider := func(until time.Duration) {
		if !ok || until < d {
			d, ok = until, true
		}
	}
	if at, wants := c.coordinator.Wake(); wants {
		consider(at - c.now())
	}
	if c.pending != nil && !c.publishing {
		consider(time.Until(c.warned.Add(slow)))
	}
	if c.stopping {
		consider(time.Until(c.progress.Add(c.Patience)))
	}
	return max(d, 0), ok
}

// tellSlow logs which subtasks a checkpoint waits for, once it has waited for long.
func (c *conductor) tellSlow() {
	if c.pending == nil || time.Since(c.warned) < slow {
		return
	}
	c.warned = time.Now()
	id, _, missing := c.coordinator.Missing()
	if len(missing) == 0 {
		return
	}
	names := make([]string, 0, min(len(missing), 5))
	for _, i := range missing[:cap(names)] {
		names = append(names, fmt.Sprintf("%s, subtask %d", c.tasks[i].Name, c.tasks[i].Subtask))
	}
	c.log.Warn("a checkpoint waits for subtasks", "checkpoint", id, "since", c.started.Format(time.RFC3339), "subtasks", len(missing), "first", names)
}

// losePatience ends the attempt if it is to stop and no event has come for Patience.
func (c *conductor) losePatience(ctx context.Context) {
	if !c.stopping || c.over || time.Since(c.progress) < c.Patience {
		return
	}
	c.log.Error("the final checkpoint makes no progress; stopping without it", "patience", c.Patience)
	c.finish(stoppedBy(ctx))
}

// now is the time since the attempt began. The coordinator knows no other time.
func (c *conductor) now() time.Duration { return time.Since(c.began) }

// stop begins the end that the caller has asked for.
func (c *conductor) stop(ctx context.Context) {
	if !c.FinalCheckpoint {
		c.finish(stoppedBy(ctx))
		return
	}
	c.stopping, c.progress = true, time.Now()
	c.log.Info("stopping with a final checkpoint")
	c.carryOut(c.coordinator.Finish(c.now()))
}

func (c *conductor) finish(err error) {
	if !c.over {
		c.over, c.end = true, err
	}
}

func (c *conductor) hear(event any) {
	if ask, ok := event.(asked); ok {
		c.askers.waiting = append(c.askers.waiting, ask.reply)
	}
	if c.over {
		return
	}
	now := c.now()
	c.progress = time.Now()
	switch e := event.(type) {
	case taskFailed:
		c.finish(e.err)
	case acknowledged:
		if c.pending != nil && c.pending.ID() == e.part.ID {
			c.parts = append(c.parts, e.part)
			c.phases.add(e.part.Phases)
		}
		c.carryOut(c.coordinator.Acknowledge(now, e.part.ID, e.task))
	case declined:
		if flow.IsPermanent(e.err) { // another checkpoint would fail in the same way
			c.finish(e.err)
			return
		}
		c.carryOut(c.coordinator.Decline(now, e.id, e.err))
	case notified:
		c.hearNotified(now, e)
	case exhausted:
		if c.unread--; c.unread == 0 {
			c.log.Info("all input is read; taking the final checkpoint")
			c.carryOut(c.coordinator.Finish(now))
		}
	case asked:
		c.carryOut(c.coordinator.Ask(now))
	case published:
		c.phases.Publish = e.took
		c.hearPublished(now, e)
	}
}

// hearNotified notes, once all effects of a checkpoint are visible, that they are. For the
// final checkpoint it waits until that is noted, before the job is done.
func (c *conductor) hearNotified(now time.Duration, e notified) {
	if c.effects.visible(e.id) {
		if c.coordinator.Finishing() {
			c.remember(e.id)
		} else {
			c.beside.Go(func() { c.remember(e.id) })
		}
	}
	c.carryOut(c.coordinator.Notified(now, e.id, e.task))
}

// remember notes durably that all effects of a checkpoint are visible. If that fails, a
// restart from this checkpoint commits once more, which does not change what is visible.
func (c *conductor) remember(id checkpoint.ID) {
	if err := c.Store.Committed(id); err != nil {
		c.log.Warn("cannot note that the output of a checkpoint is visible; a restart from it commits the output again", "checkpoint", id, "error", err)
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
		c.pending = nil // the store has aborted it
		c.carryOut(c.coordinator.PublishFailed(now, e.id, e.err))
	}
}

// carryOut carries out decisions of the coordinator.
func (c *conductor) carryOut(decisions []coordinator.Decision) {
	for _, d := range decisions {
		if c.over {
			return
		}
		switch d.Verb {
		case coordinator.Trigger:
			c.trigger()
		case coordinator.Barrier:
			c.wiring.control(task.Control{Trigger: d.ID, Final: d.Final, Drain: d.Final && c.Drain}, true)
		case coordinator.Publish:
			c.publish(d.ID)
		case coordinator.Abort:
			c.abort(d)
		case coordinator.Complete:
			c.complete(d)
		case coordinator.Fail:
			c.finish(&CheckpointsError{d.Cause, d.Reason})
		case coordinator.Done:
			c.finish(nil)
		}
	}
}

func (c *conductor) trigger() {
	c.started, c.phases = time.Now(), Phases{}
	c.askers.begin()
	c.warned = c.started
	p, err := c.Store.Begin()
	if flow.IsPermanent(err) {
		c.finish(err)
		return
	}
	if err != nil {
		decisions := c.coordinator.NotBegun(c.now(), err)
		c.logFailed("checkpoint not begun", err)
		c.Monitor.update(func(v *View) { v.Failed++; v.Causes[coordinator.NotTriggered]++ })
		c.askers.answer(Taken{Err: fmt.Errorf("checkpoint not begun: %w", err)})
		c.carryOut(decisions)
		return
	}
	c.pending, c.parts = p, nil
	c.writing.Store(p)
	c.carryOut(c.coordinator.Begun(c.now(), p.ID()))
}

// publish starts a goroutine that publishes the checkpoint.
func (c *conductor) publish(id checkpoint.ID) {
	c.writing.Store(nil)
	p := c.pending
	c.publishing = true
	meta, blobs := assemble(id, c.parts, c.parallelismOf, c.maxParallelismOf)
	began := time.Now()
	c.beside.Go(func() {
		err := p.Publish(meta, blobs, namesOf(c.Plan))
		c.events.put(published{id, err, time.Since(began)})
	})
}

func (c *conductor) parallelismOf(op checkpoint.OperatorID) int {
	for _, n := range c.Plan.Nodes {
		if n.OperatorID() == op {
			return n.ParallelismOf(c.Parallelism)
		}
	}
	return c.Parallelism
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
	c.Monitor.update(func(v *View) { v.Failed++; v.Causes[d.Cause]++ })
	c.askers.answer(Taken{Err: d.Reason})
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

// logFailed logs that a checkpoint has failed, and which one is complete. If a file system
// is full, it logs what has run out and after which pause the next checkpoint is tried; so
// it is called after the coordinator has heard of the failure.
func (c *conductor) logFailed(what string, err error, attrs ...any) {
	if last := c.Monitor.View().LastComplete; last != 0 {
		attrs = append(attrs, "complete", last)
	}
	if f, ok := lookAtFull(err); ok {
		what, attrs = what+" because a file system is full", append(attrs, f.attrs()...)
		if at, ok := c.coordinator.Wake(); ok {
			attrs = append(attrs, "pause", at-c.now())
		}
	}
	c.log.Error(what, append(attrs, "error", err)...)
}

// complete tells every task that a checkpoint is complete. Only from here on may effects
// that waited for it become visible, and older checkpoints be deleted.
func (c *conductor) complete(d coordinator.Decision) {
	took, phases := time.Since(c.started), c.phases
	c.completed = true
	c.effects.begin(d.ID, hasPrepared(c.parts))
	c.pending, c.parts = nil, nil
	c.log.Info("checkpoint complete", "checkpoint", d.ID, "took", took, "bytes", phases.Bytes)
	c.Monitor.update(func(v *View) { v.Completed++; v.LastComplete, v.LastTook, v.LastPhases = d.ID, took, phases })
	c.wiring.control(task.Control{Complete: d.ID, Final: d.Final}, false)
	c.askers.answer(Taken{ID: d.ID})
	c.beside.Go(func() {
		if _, err := c.Store.Subsume(); err != nil {
			c.log.Warn("older checkpoints stay until the next start", "error", err)
		}
	})
}

// wrapUp aborts the checkpoint under way, so that tasks that still write to it stop, and
// waits for the goroutines of the conductor. It does not abort a checkpoint that is being
// published: that may still become complete. Then no task is told, and the next recovery
// finds it.
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
