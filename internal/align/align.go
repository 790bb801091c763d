// Package align decides when a task that reads from several channels may take its
// snapshot: when the barrier of a checkpoint has arrived on all of them. Until then the
// channels on which it has arrived are held back, so that no record after the barrier
// gets into the state (aligned checkpoints, as in Flink and in Carbone et al.,
// "Lightweight Asynchronous Snapshots for Distributed Dataflows", 2015).
//
// A channel never ends before the job does: a source that has read everything goes on
// passing barriers.
//
// The package is pure: events in, decisions out. The task itself holds the channels back.
package align

import "github.com/weirstream/weir/checkpoint"

// An Action is what the task has to do after a barrier.
type Action uint8

const (
	// Ignore: the barrier is of a checkpoint that was taken or aborted before.
	Ignore Action = iota
	// Hold: read no more from the channel the barrier came on.
	Hold
	// Restart: the barrier is newer than the one that the task was waiting for, whose
	// checkpoint was aborted. Release all channels, then hold the one the barrier came on.
	Restart
	// Take: the barrier has arrived on all channels. Take the snapshot, pass the barrier
	// on, release all channels.
	Take
)

func (a Action) String() string { return [...]string{"ignore", "hold", "restart", "take"}[a] }

// An Aligner follows the channels of one task.
//
// Invariants: pending is 0 or greater than done; while pending is 0 no channel has
// arrived; waiting is the number of channels that have not arrived.
type Aligner struct {
	arrived []bool
	waiting int
	pending checkpoint.ID // the checkpoint that is being aligned, 0 for none
	done    checkpoint.ID // the last one that was taken
}

// New makes an aligner for a number of channels, at least one.
func New(channels int) *Aligner { return &Aligner{arrived: make([]bool, channels)} }

// Barrier takes in the barrier of a checkpoint that has come on a channel, and returns
// what to do.
func (a *Aligner) Barrier(channel int, id checkpoint.ID) Action {
	if id <= a.done || id < a.pending {
		return Ignore
	}
	action := Hold
	if id > a.pending {
		if a.pending != 0 {
			action = Restart
		}
		a.pending, a.waiting = id, len(a.arrived)
		clear(a.arrived)
	}
	if a.arrived[channel] {
		return Ignore
	}
	a.arrived[channel] = true
	if a.waiting--; a.waiting == 0 {
		a.done, a.pending = id, 0
		clear(a.arrived)
		return Take
	}
	return action
}
