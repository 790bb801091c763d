// Package coordinator decides about checkpoints: when one is triggered, when all its
// parts are there and it may be published, when it has failed, when the attempt has
// failed with it, and when the job is done.
//
// It is pure: events in, decisions out. It has no clock: every event carries the time
// since the attempt began. internal/job carries the decisions out. The sequences of
// events that it must get right are scripts in testdata.
package coordinator

import (
	"fmt"
	"time"

	"github.com/weirstream/weir/checkpoint"
)

// Config says how often checkpoints are taken, and how long the coordinator waits for them.
type Config struct {
	// Interval is the time from one trigger to the next.
	Interval time.Duration
	// MinPause is the least time from the end of one checkpoint to the trigger of the
	// next, so that a slow checkpoint is not followed by the next one at once.
	MinPause time.Duration
	// Timeout is how long it may take until all subtasks have acknowledged a checkpoint.
	Timeout time.Duration
	// Tolerated is how many checkpoints in a row may fail; one more fails the attempt.
	Tolerated int
	// Subtasks is how many acknowledgements a checkpoint needs.
	Subtasks int
}

// A Verb is what a decision asks for.
type Verb uint8

const (
	// Trigger: begin a new checkpoint in the store, report Begun or NotBegun.
	Trigger Verb = iota
	// Barrier: have the sources emit the barrier of checkpoint ID.
	Barrier
	// Publish: all parts of ID are there. Publish it, report Published, PublishFailed or
	// Unknown.
	Publish
	// Abort: checkpoint ID has failed. Abort it in the store.
	Abort
	// Complete: ID is complete. Tell the subtasks; each reports Notified.
	Complete
	// Fail: the attempt is over, for Reason.
	Fail
	// Done: the final checkpoint is complete and its effects are visible.
	Done
)

func (v Verb) String() string {
	return [...]string{"trigger", "barrier", "publish", "abort", "complete", "fail", "done"}[v]
}

// A Cause is why a checkpoint failed, for counting.
type Cause uint8

const (
	// NoCause: the checkpoint is not aborted.
	NoCause Cause = iota
	// Expired: not all subtasks acknowledged in time.
	Expired
	// Declined: a subtask could not deliver its part.
	Declined
	// NotTriggered: the store could not begin a checkpoint.
	NotTriggered
	// NotFinalized: the parts were there, and the store could not publish them.
	NotFinalized
	// OutcomeUnknown: the store cannot say whether the checkpoint is complete.
	OutcomeUnknown
)

// Causes is how many causes there are.
const Causes = int(OutcomeUnknown) + 1

func (c Cause) String() string {
	return [...]string{"none", "expired", "declined", "not triggered", "not finalized", "outcome unknown"}[c]
}

// A Decision is something the job has to do now.
type Decision struct {
	Verb   Verb
	ID     checkpoint.ID
	Final  bool  // of Barrier and Complete: nothing is read after it
	Cause  Cause // of Abort and Fail, if a checkpoint is the reason
	Reason error // of Abort and Fail
}

func (d Decision) String() string {
	s := d.Verb.String()
	if d.ID != 0 {
		s += " " + d.ID.String()
	}
	if d.Final {
		s += " final"
	}
	if d.Reason != nil {
		s += ": " + d.Reason.Error()
	}
	return s
}

// phase is where the one checkpoint that may be under way is.
type phase uint8

const (
	idle       phase = iota
	beginning        // Trigger was decided
	collecting       // barriers are out, acknowledgements come in
	publishing       // Publish was decided; the checkpoint is not aborted any more
	finishing        // the final one is complete, its effects are becoming visible
	over             // Fail or Done was decided
)

// A Coordinator is the state of one attempt. Invariants: at most one checkpoint is under
// way, and id is 0 unless one has begun; Publish is decided once all of Config.Subtasks
// have acknowledged, and never for a checkpoint that was aborted; after Publish a
// checkpoint is not aborted.
type Coordinator struct {
	cfg      Config
	phase    phase
	id       checkpoint.ID
	acked    map[int]bool
	notified map[int]bool
	failures int  // in a row
	asked    bool // for a checkpoint that was not triggered yet
	final    bool
	isFinal  bool          // the checkpoint under way is the final one
	due      time.Duration // when the next one is triggered
	deadline time.Duration // of the checkpoint under way, while collecting
	began    time.Duration // when the checkpoint under way was triggered
}

// New begins an attempt.
func New(cfg Config) *Coordinator { return &Coordinator{cfg: cfg, due: cfg.Interval} }

// Wake returns when Tick is to be called next, if nothing else happens before.
func (c *Coordinator) Wake() (at time.Duration, ok bool) {
	switch c.phase {
	case idle:
		return c.due, true
	case collecting:
		return c.deadline, true
	}
	return 0, false
}

// Tick says that time has passed.
func (c *Coordinator) Tick(now time.Duration) []Decision {
	switch {
	case c.phase == idle && now >= c.due:
		c.phase, c.began, c.asked = beginning, now, false
		return []Decision{{Verb: Trigger}}
	case c.phase == collecting && now >= c.deadline:
		missing := c.cfg.Subtasks - len(c.acked)
		return c.fail(now, Expired, fmt.Errorf("%d of %d subtasks have not acknowledged within %v", missing, c.cfg.Subtasks, c.cfg.Timeout))
	}
	return nil
}

// Finish asks for a final checkpoint, because all sources have read everything or the job
// is to stop. If another checkpoint is under way, the final one follows it.
func (c *Coordinator) Finish(now time.Duration) []Decision {
	if c.final {
		return nil
	}
	c.final = true
	if c.phase == idle {
		c.due = now
	}
	return c.Tick(now)
}

// Ask asks for a checkpoint now. If one is under way, another one follows it at once.
func (c *Coordinator) Ask(now time.Duration) []Decision {
	c.asked = true
	if c.phase == idle {
		c.due = now
	}
	return c.Tick(now)
}

// Begun says that the triggered checkpoint has begun in the store, as id.
func (c *Coordinator) Begun(now time.Duration, id checkpoint.ID) []Decision {
	if c.phase != beginning {
		return nil
	}
	c.phase, c.id, c.isFinal = collecting, id, c.final
	c.acked = make(map[int]bool, c.cfg.Subtasks)
	c.deadline = now + c.cfg.Timeout
	return []Decision{{Verb: Barrier, ID: id, Final: c.isFinal}}
}

// NotBegun says that the store could not begin a checkpoint.
func (c *Coordinator) NotBegun(now time.Duration, reason error) []Decision {
	if c.phase != beginning {
		return nil
	}
	return c.fail(now, NotTriggered, reason)
}

// Acknowledge says that a subtask's part of a checkpoint is durable.
func (c *Coordinator) Acknowledge(now time.Duration, id checkpoint.ID, subtask int) []Decision {
	if c.phase != collecting || id != c.id {
		return nil // late: of a checkpoint that has failed
	}
	c.acked[subtask] = true
	if len(c.acked) < c.cfg.Subtasks {
		return nil
	}
	c.phase = publishing
	return []Decision{{Verb: Publish, ID: id}}
}

// Decline says that a subtask cannot deliver its part of a checkpoint.
func (c *Coordinator) Decline(now time.Duration, id checkpoint.ID, reason error) []Decision {
	if c.phase != collecting || id != c.id {
		return nil
	}
	return c.fail(now, Declined, reason)
}

// Published says that a checkpoint is complete.
func (c *Coordinator) Published(now time.Duration, id checkpoint.ID) []Decision {
	if c.phase != publishing || id != c.id {
		return nil
	}
	c.failures = 0
	decisions := []Decision{{Verb: Complete, ID: id, Final: c.isFinal}}
	if c.isFinal {
		c.phase = finishing
		c.notified = make(map[int]bool, c.cfg.Subtasks)
		return decisions
	}
	c.rest(now)
	return append(decisions, c.Tick(now)...)
}

// PublishFailed says that a checkpoint could not be published, and that no recovery will
// ever find it.
func (c *Coordinator) PublishFailed(now time.Duration, id checkpoint.ID, reason error) []Decision {
	if c.phase != publishing || id != c.id {
		return nil
	}
	return c.fail(now, NotFinalized, reason)
}

// Unknown says that it cannot be known whether a checkpoint is complete. It is neither
// aborted nor used: the attempt ends, and recovery decides by what is on disk.
func (c *Coordinator) Unknown(_ time.Duration, id checkpoint.ID, reason error) []Decision {
	if c.phase != publishing || id != c.id {
		return nil
	}
	c.phase = over
	return []Decision{{Verb: Fail, Cause: OutcomeUnknown, Reason: fmt.Errorf("checkpoint %d: outcome unknown: %w", id, reason)}}
}

// Notified says that a subtask has done what waited for checkpoint id to be complete.
func (c *Coordinator) Notified(_ time.Duration, id checkpoint.ID, subtask int) []Decision {
	if c.phase != finishing || id != c.id {
		return nil
	}
	c.notified[subtask] = true
	if len(c.notified) < c.cfg.Subtasks {
		return nil
	}
	c.phase = over
	return []Decision{{Verb: Done}}
}

// Finishing reports whether the final checkpoint is complete and its effects are becoming
// visible.
func (c *Coordinator) Finishing() bool { return c.phase == finishing }

// Missing returns the checkpoint whose acknowledgements are being collected, when it was
// triggered, and the subtasks that have not acknowledged it, in rising order. If no
// checkpoint is being collected it returns zeros.
func (c *Coordinator) Missing() (id checkpoint.ID, since time.Duration, subtasks []int) {
	if c.phase != collecting {
		return 0, 0, nil
	}
	for i := range c.cfg.Subtasks {
		if !c.acked[i] {
			subtasks = append(subtasks, i)
		}
	}
	return c.id, c.began, subtasks
}

// fail aborts the checkpoint under way, and ends the attempt if more checkpoints in a row
// have failed than are tolerated.
func (c *Coordinator) fail(now time.Duration, cause Cause, reason error) []Decision {
	c.failures++
	var decisions []Decision
	if c.id != 0 {
		reason = fmt.Errorf("checkpoint %d: %w", c.id, reason)
		decisions = append(decisions, Decision{Verb: Abort, ID: c.id, Cause: cause, Reason: reason})
	}
	if c.failures > c.cfg.Tolerated {
		c.phase = over
		return append(decisions, Decision{Verb: Fail, Cause: cause, Reason: fmt.Errorf("%d checkpoints in a row have failed, %d are tolerated; the last: %w", c.failures, c.cfg.Tolerated, reason)})
	}
	c.rest(now)
	return decisions
}

// rest sets the time of the next trigger.
func (c *Coordinator) rest(now time.Duration) {
	c.phase, c.id = idle, 0
	c.due = max(c.began+c.cfg.Interval, now+c.cfg.MinPause)
	switch {
	case c.asked && !c.final, c.final && c.failures == 0:
		c.due = now
	case c.final:
		c.due = min(c.due, now+max(c.cfg.MinPause, finalRetry))
	}
}

// finalRetry is the pause after a final checkpoint that failed: the caller waits for the
// job to end, so it does not take a whole interval.
const finalRetry = time.Second
