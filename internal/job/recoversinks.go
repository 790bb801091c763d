package job

import (
	"context"
	"fmt"
	"slices"

	"github.com/weirstream/weir/internal/flow"
	"github.com/weirstream/weir/internal/plan"
)

// recoverSinks commits the prepared output in the checkpoint that the attempt starts from.
// If a newer checkpoint was passed over, it commits the prepared output in that one, too.
// Then it undoes everything that was not committed.
func (a *attempt) recoverSinks(ctx context.Context) error {
	for _, n := range a.Plan.Nodes {
		if n.Sink == nil {
			continue
		}
		// Output that is in both is committed twice. The second time changes nothing.
		prepared := slices.Concat(a.passedOver[n.ID], a.start.states[n.ID].List(flow.PreparedState))
		// start.committed is about the checkpoint that the attempt starts from. The output
		// in the one that was passed over may not be visible yet.
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

// recoverWhatCanBe commits each piece of prepared output on its own. It drops and logs those
// that cannot be committed.
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

// wayOut adds to the permanent error of a commit where the prepared output is, what is
// intact and what can be done.
func (a *attempt) wayOut(err error) error {
	id, dir := a.start.from, a.start.dir
	if a.newest != nil {
		id, dir = a.newest.ID, a.newest.Dir
	}
	return fmt.Errorf("%w. The checkpoint that this output belongs to, checkpoint %d in %s, is itself intact, and was not changed: "+
		"put that output back as it was and start again; or, to go on without the records in it, set Options.DropPreparedOutput", err, id, dir)
}
