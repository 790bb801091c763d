package job

import (
	"context"
	"fmt"

	"github.com/weirstream/weir/internal/flow"
)

// claim claims the places that sinks write to, once in a run and before anything is read.
// fresh says that the run starts without a checkpoint.
func (r *run) claim(ctx context.Context, fresh bool) error {
	if r.claimed {
		return nil
	}
	for _, n := range r.Plan.Nodes {
		if n.Sink == nil {
			continue
		}
		release, err := n.Sink.Claim(ctx, flow.Claim{Owner: r.Owner, Fresh: fresh, BesideOld: r.BesideOld})
		if err != nil {
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
