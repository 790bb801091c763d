package main

import (
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/weirstream/weir/checkpoint"
)

func (t *tool) pruneCommand() *cobra.Command {
	p := &prune{checker: checker{t: t}}
	maxBlock := blockSize(defaultMaxBlock)
	cmd := &cobra.Command{
		Use:   "prune DIR --keep N",
		Short: "Delete all but the newest intact checkpoints",
		Long: `Keep the N newest intact checkpoints of a job, or of each job below DIR, and
delete the older ones and what a crash has left behind. A checkpoint counts as
intact after it has been read from the disk as by "weir verify", so those that
are kept are read each time. The newest intact one never goes, and neither does
what is damaged and newer than the oldest one kept: that is for people to look
at, as .damaged-N is. Savepoints, and checkpoints by names other than chk-N, are
left alone.

While a job runs prune refuses, and says who runs it: a running job deletes for
itself. While prune is at work the job cannot be started.

Flink has no such lock: make sure that no job is running on its directories. They
are refused if state of any checkpoint there lies outside of it, as incremental
checkpoints have it in shared/: one may need what belongs to another. Whether a
job elsewhere was started from a checkpoint and still reads it, prune cannot see.
A job's directory below DIR that is a symbolic link is refused: name it.`,
		Example: `  weir prune weir-data --keep 2 --dry-run   what would go
  weir prune weir-data/<job> --keep 1       all but the newest intact one
  weir prune --json weir-data --keep 2      as JSON, see docs/cli-json.md`,
		Annotations: map[string]string{"exit codes": `  0  pruned, or nothing to do
  1  pruned, and there is a damaged checkpoint among those kept
  2  wrong usage, a job is running, a directory was refused, or something failed`},
		Args:              onePath,
		ValidArgsFunction: completeDirs,
		RunE: func(cmd *cobra.Command, args []string) error {
			if p.keep < 1 {
				return usageError(cmd, errors.New("--keep is how many checkpoints stay, at least 1"))
			}
			p.maxBlock = int64(maxBlock)
			return p.run(args[0])
		},
	}
	f := cmd.Flags()
	f.IntVar(&p.keep, "keep", 0, "keep `N` intact checkpoints of each job (must be given)")
	f.BoolVar(&p.dryRun, "dry-run", false, "change nothing, take no lock, say what would go")
	f.BoolVar(&p.asJSON, "json", false, "write JSON, one object a line")
	f.Var(&maxBlock, "max-block", maxBlockHelp+"; state that is sealed may have\nany size")
	return cmd
}

// A prune is one run of the verb.
type prune struct {
	checker
	keep           int
	dryRun, asJSON bool

	jobs  []*prunedJob
	loose int // checkpoints by names that do not tell which is the newest
}

// A prunedJob is a directory of checkpoints, and what came of each.
type prunedJob struct {
	*jobDir
	rows []*prunedRow
	// failure is why the job was not pruned, or not to the end.
	failure error
}

// A prunedRow is one checkpoint or leftover.
type prunedRow struct {
	name   checkpoint.Name
	state  state // what it was found to be; empty if nobody looked
	bytes  int64
	action action
	why    string // of what is neither kept as asked for nor removed
}

// An action is what is done about a checkpoint. The words are a contract.
type action string

const (
	kept    action = "kept"    // one of those to keep
	deleted action = "removed" // or would be
	left    action = "left"    // not to be removed, or it could not be
)

func (p *prune) run(given string) error {
	at, err := look(p.t.fsys, given)
	if err != nil {
		return err
	}
	if at.kind == aCheckpoint {
		return fmt.Errorf("%s is a checkpoint; prune takes the directory of a job, or one around several", at.shown)
	}
	found := findBases(p.t.fsys, at)
	for _, b := range found.bases {
		p.loose += len(b.loose)
		slices.SortFunc(b.jobs, func(x, y *jobDir) int { return strings.Compare(x.name, y.name) })
		for _, j := range b.jobs {
			p.loose += len(j.loose)
			p.jobs = append(p.jobs, &prunedJob{jobDir: j})
		}
	}
	for _, j := range p.jobs {
		if j.failure = p.job(j); j.failure != nil {
			j.failure = fmt.Errorf("%s: %w", j.shown, j.failure)
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
	return p.end(found.gaps())
}

// job prunes one directory. The order matters: it is ours, and what is in it is durable;
// then it is looked at; then something is deleted.
func (p *prune) job(j *prunedJob) error {
	if j.linked {
		return errors.New("it is a symbolic link, and prune deletes nothing behind one that it was not given; name it")
	}
	hands, err := p.take(j)
	if err != nil {
		return err
	}
	err = p.tidy(j, hands)
	if cerr := hands.close(); err == nil {
		err = cerr
	}
	return err
}

func (p *prune) tidy(j *prunedJob, hands hands) error {
	if err := p.selfContained(j.jobDir); err != nil {
		return err
	}
	known, err := p.examine(j, hands)
	if err != nil {
		return err
	}
	keep, drop := checkpoint.Retain(known, p.keep)
	for _, id := range slices.Backward(keep) {
		r := j.row(id)
		r.bytes = sizeOf(p.t.fsys, j.path(r.name))
		switch r.action = kept; r.state {
		case damaged:
			r.action, r.why = left, "it is for people to look at; delete it by hand when it is of no use any more"
		case incomplete:
			r.action, r.why = left, "it may be on its way"
		case gone:
			r.action, r.why = left, "somebody has deleted it meanwhile"
		}
	}
	for _, id := range drop { // the oldest first
		r := j.row(id)
		r.bytes = sizeOf(p.t.fsys, j.path(r.name))
		if err := hands.remove(r.name); err != nil {
			r.action, r.why = left, "it could not be deleted"
			return err
		}
		r.action = deleted
	}
	for _, n := range slices.Concat(j.scan.SetAside, j.scan.Leftovers) {
		r := &prunedRow{name: n, bytes: sizeOf(p.t.fsys, j.path(n)), action: left}
		j.rows = append(j.rows, r)
		switch {
		case j.scan.IsSetAside(n):
			r.state, r.why = setAside, "it was set aside for people to look at"
		case !hands.sweepable(n):
			r.state, r.why = leftoverState(n), "without a lock file nothing tells whether somebody is writing it"
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

func leftoverState(n checkpoint.Name) state {
	if n.Kind == checkpoint.Trash {
		return trash
	}
	return inProgress
}

// examine verifies checkpoints, newest first, until as many are known to be intact as are
// to be kept.
func (p *prune) examine(j *prunedJob, hands hands) ([]checkpoint.Known, error) {
	var known []checkpoint.Known
	intact := 0
	for _, id := range slices.Backward(j.scan.Complete) {
		r := &prunedRow{name: checkpoint.Name{Kind: checkpoint.Complete, ID: id}}
		j.rows = append(j.rows, r)
		k := checkpoint.Known{ID: id}
		if intact < p.keep {
			if err := hands.settle(id); err != nil {
				return nil, err
			}
			c := p.check(j.path(r.name), path.Join(j.shown, r.name.String()), j.jobDir)
			if c.failure != nil {
				return nil, c.failure
			}
			r.state, k.Health = c.state, checkpoint.Broken
			if c.good() {
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

func (j *prunedJob) path(n checkpoint.Name) string { return path.Join(j.name, n.String()) }
