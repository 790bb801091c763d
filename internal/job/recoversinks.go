package job

import (
	"context"
	"fmt"
	"slices"

	"github.com/weirstream/weir/internal/flow"
	"github.com/weirstream/weir/internal/plan"
)

// recoverSinks commits what the checkpoint holds prepared, and what the newest one does if
// that is another, and undoes the rest.
func (a *attempt) recoverSinks(ctx context.Context) error {
	for _, n := range a.Plan.Nodes {
		if n.Sink == nil {
			continue
		}
		// A checkpoint that is both is committed twice, which does nothing the second time.
		prepared := slices.Concat(a.passedOver[n.ID], a.start.states[n.ID].List(flow.PreparedState))
		// What is passed over may not be visible yet, whatever is known of the other one.
		done := a.start.committed && len(a.passedOver[n.ID]) == 0
		err := n.Sink.Recover(ctx, prepared, done)
		if err != nil && len(prepared) > 0 && flow.IsPermanent(err) {
			if !a.DropPrepared {
				return a.wayOut(err)
			}
			err = a.recoverWhatCanBe(ctx, n, prepared)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// recoverWhatCanBe commits each piece of what a sink has prepared by itself. Those that cannot
// be committed are dropped, and said so.
func (a *attempt) recoverWhatCanBe(ctx context.Context, n *plan.Node, prepared [][]byte) error {
	for _, p := range prepared {
		err := n.Sink.Commit(ctx, p)
		switch {
		case err == nil:
		case flow.IsPermanent(err):
			a.log.Error("prepared output cannot be made visible and is dropped: its records are lost", "sink", n.Label(), "error", err)
		default:
			return err
		}
	}
	return n.Sink.Recover(ctx, nil, false)
}

// wayOut adds to what a sink cannot commit, and will not be able to after a restart, where it
// is, what is intact and what can be done.
func (a *attempt) wayOut(err error) error {
	id, dir := a.start.from, a.start.dir
	if a.newest != nil {
		id, dir = a.newest.ID, a.newest.Dir
	}
	return fmt.Errorf("%w. The checkpoint that holds it prepared, checkpoint %d in %s, is itself intact, and nothing was changed: "+
		"put that output back as it was and start again; or, to go on without the records in it, set Options.DropPreparedOutput", err, id, dir)
}
