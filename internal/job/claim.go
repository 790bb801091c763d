package job

import (
	"context"
	"fmt"

	"github.com/weirstream/weir/checkpoint/store"
	"github.com/weirstream/weir/internal/flow"
)

// claim claims the places that sinks write to, once in a run and before anything is
// read. cp is the checkpoint that the run starts with, nil for none.
//
// Output of later checkpoints may be visible if the run was told to go back: that was said
// to repeat records.
func (r *run) claim(ctx context.Context, from store.From, cp *store.Checkpoint) error {
	if r.claimed {
		return nil
	}
	c := flow.Claim{Owner: r.Owner, Lineage: r.Store.Lineage(), Fresh: cp == nil, BesideOld: r.BesideOld}
	if cp != nil {
		c.From = cp.ID
		c.BesideOld = c.BesideOld || from.AllowFallback || from.Path != ""
	}
	for _, n := range r.Plan.Nodes {
		if n.Sink == nil {
			continue
		}
		release, err := n.Sink.Claim(ctx, c)
		if err != nil {
			r.release() // the next attempt claims all of them again
			return err
		}
		if release != nil {
			r.claims = append(r.claims, release)
		}
	}
	r.claimed = true
	return nil
}

// release releases the places.
func (r *run) release() {
	for _, release := range r.claims {
		if err := release(); err != nil {
			r.Log.Warn("release a place that a sink wrote to", "error", err)
		}
	}
	r.claims = nil
}

// A MisplacedError says that a job would read its own output or its own checkpoints.
// Nothing has run.
type MisplacedError struct{ What string }

func (e *MisplacedError) Error() string { return e.What }

// Permanent reports that a restart does not help.
func (e *MisplacedError) Permanent() bool { return true }

func misplaced(format string, args ...any) error {
	return &MisplacedError{fmt.Sprintf(format, args...)}
}
