package main

import (
	"context"
	"errors"
	"fmt"
	"path"
	"slices"

	"github.com/spf13/cobra"

	"github.com/weirstream/weir/checkpoint"
	"github.com/weirstream/weir/internal/inspect"
)

func (t *tool) pruneCommand() *cobra.Command {
	p := &prune{t: t}
	cmd := &cobra.Command{
		Use:   "prune DIR --keep N",
		Short: "Delete all but the newest intact checkpoints",
		Long: `Keep the N newest intact checkpoints of a job, or of each job below DIR, and
delete the older ones and what a crash has left. A checkpoint counts as intact
after it has been read from the disk as by "weir verify", so those that are kept
are read each time. The newest intact one is never deleted, and neither is what is
damaged and newer than the oldest one kept, nor .damaged-N: these are kept to be
examined. Savepoints, and checkpoints by names other than chk-N, are left alone.

While a job runs prune refuses, and says which process runs it: a running job
deletes by itself. While prune works the job cannot be started.

Flink has no such lock: make sure that no job is running on its directories. They
are refused if state of any checkpoint there lies outside of it, as incremental
checkpoints have it in shared/: another may need it. Whether a job elsewhere was
started from a checkpoint and still reads it, prune cannot see. A job's directory
below DIR that is a symbolic link is refused: name it.`,
		Example: `  weir prune weir-data --keep 2 --dry-run   what would be deleted
  weir prune weir-data/<job> --keep 1       all but the newest intact one
  weir prune --json weir-data --keep 2      as JSON, see docs/cli-json.md`,
		Annotations: map[string]string{"exit codes": `  0  pruned, or nothing to do
  1  pruned, and there is a damaged checkpoint among those kept
  2  wrong usage, a job is running, a directory was refused, or something failed`},
		Args:              onePath,
		ValidArgsFunction: completeDirs,
		RunE: func(cmd *cobra.Command, args []string) error {
			if p.keep < 1 {
				return usageError(cmd, errors.New("--keep is how many checkpoints are kept, at least 1"))
			}
			return p.run(cmd.Context(), args[0])
		},
	}
	f := cmd.Flags()
	f.IntVar(&p.keep, "keep", 0, "keep `N` intact checkpoints of each job (must be given)")
	f.BoolVar(&p.dryRun, "dry-run", false, "change nothing, take no lock, say what would be deleted")
	addJSONFlag(cmd, &p.asJSON)
	p.addMaxBlock(cmd, sealedMayBeLarge)
	return cmd
}

// A prune is one run of the verb.
type prune struct {
	readFlags
	t              *tool
	keep           int
	dryRun, asJSON bool

	jobs  []*prunedJob
	loose int // checkpoints with names that do not say which is the newest
}

// A prunedJob is a directory of checkpoints, and what was done with each.
type prunedJob struct {
	*inspect.Job
	rows []*prunedRow
	// failure is why the job was not pruned, or not to the end.
	failure error
}

// A prunedRow is one checkpoint or leftover.
type prunedRow struct {
	name   checkpoint.Name
	state  inspect.Verdict // NotJudged if it was not read
	bytes  int64
	action action
	why    string // of what is neither kept as asked for nor removed
}

// An action is what is done with a checkpoint. The texts are a contract: docs/cli-json.md.
type action string

const (
	kept    action = "kept"    // one of those to keep
	deleted action = "removed" // or would be
	left    action = "left"    // not to be removed, or it could not be
)

func (p *prune) run(ctx context.Context, given string) error {
	at, err := p.t.look(given)
	if err != nil {
		return err
	}
	if at.Kind == inspect.AtCheckpoint {
		return fmt.Errorf("%s is a checkpoint; prune takes the directory of a job, or one around several", at.Shown)
	}
	found, err := searchNamed(ctx, &inspect.Reader{FS: p.t.fsys, MaxBlock: int64(p.maxBlock)}, at)
	if err != nil {
		return err
	}
	for _, b := range found.Bases {
		p.loose += len(b.Loose)
		for _, j := range b.Jobs {
			p.loose += len(j.Loose)
			p.jobs = append(p.jobs, &prunedJob{Job: j})
		}
	}
	for _, j := range p.jobs {
		if j.failure = p.job(ctx, j); j.failure != nil {
			j.failure = fmt.Errorf("%s: %w", j.Shown, j.failure)
		}
	}
	if p.asJSON {
		err = p.json()
	} else {
		p.text(at)
	}
	if err != nil {
		return err
	}
	return p.end(found.Gaps)
}

// job prunes one directory. The order matters: first the directory is taken and what is in it
// is made durable, then it is looked at, then something is deleted.
func (p *prune) job(ctx context.Context, j *prunedJob) error {
	if j.Linked {
		return errors.New("it is a symbolic link, and prune deletes nothing through a link that was not named; name it")
	}
	hands, err := p.take(j)
	if err != nil {
		return err
	}
	err = p.tidy(ctx, j, hands)
	if cerr := hands.close(); err == nil {
		err = cerr
	}
	return err
}

func (p *prune) tidy(ctx context.Context, j *prunedJob, hands hands) error {
	if err := p.selfContained(ctx, j.Job); err != nil {
		return err
	}
	known, err := p.examine(ctx, j, hands)
	if err != nil {
		return err
	}
	keep, drop := checkpoint.Retain(known, p.keep)
	for _, id := range slices.Backward(keep) {
		r := j.row(id)
		r.bytes = inspect.DirBytes(p.t.fsys, j.path(r.name))
		switch r.action = kept; r.state {
		case inspect.Damaged:
			r.action, r.why = left, "it is kept to be examined; delete it by hand when it is not needed any more"
		case inspect.Incomplete:
			r.action, r.why = left, "it may be being written"
		case inspect.Gone:
			r.action, r.why = left, "it was deleted meanwhile, not by prune"
		}
	}
	for _, id := range drop { // the oldest first
		r := j.row(id)
		r.bytes = inspect.DirBytes(p.t.fsys, j.path(r.name))
		if err := hands.remove(r.name); err != nil {
			r.action, r.why = left, "it could not be deleted"
			return err
		}
		r.action = deleted
	}
	for _, n := range slices.Concat(j.Scan.SetAside, j.Scan.Leftovers) {
		r := &prunedRow{name: n, bytes: inspect.DirBytes(p.t.fsys, j.path(n)), action: left}
		j.rows = append(j.rows, r)
		switch {
		case j.Scan.IsSetAside(n):
			r.state, r.why = inspect.SetAside, "it was set aside to be examined"
		case !hands.sweepable(n):
			r.state, r.why = leftoverState(n), "without a lock file it cannot be known whether it is being written"
		default:
			r.state = leftoverState(n)
			if err := hands.remove(n); err != nil {
				r.why = "it could not be deleted"
				return err
			}
			r.action = deleted
		}
	}
	return nil
}

func leftoverState(n checkpoint.Name) inspect.Verdict {
	if n.Kind == checkpoint.Trash {
		return inspect.Trash
	}
	return inspect.InProgress
}

// examine verifies checkpoints, newest first, until as many are known to be intact as are to
// be kept.
func (p *prune) examine(ctx context.Context, j *prunedJob, hands hands) ([]checkpoint.Known, error) {
	var known []checkpoint.Known
	v := verification{t: p.t, readFlags: p.readFlags, depth: inspect.Bytes}
	intact := 0
	for _, id := range slices.Backward(j.Scan.Complete) {
		r := &prunedRow{name: checkpoint.Name{Kind: checkpoint.Complete, ID: id}}
		j.rows = append(j.rows, r)
		k := checkpoint.Known{ID: id}
		if intact < p.keep {
			if err := hands.settle(id); err != nil {
				return nil, err
			}
			rep, err := v.judge(ctx, j.Target(id))
			switch {
			case err != nil:
				return nil, err
			case rep.Failure != nil:
				return nil, rep.Failure
			}
			r.state, k.Health = rep.Verdict, checkpoint.Broken
			if rep.Verdict.Good() {
				k.Health = checkpoint.Intact
				intact++
			}
		}
		known = append(known, k)
	}
	return known, nil
}

func (j *prunedJob) row(id checkpoint.ID) *prunedRow {
	i := slices.IndexFunc(j.rows, func(r *prunedRow) bool {
		return r.name == checkpoint.Name{Kind: checkpoint.Complete, ID: id}
	})
	return j.rows[i]
}

func (j *prunedJob) path(n checkpoint.Name) string { return path.Join(j.Path, n.String()) }
