package inspect

import (
	"cmp"
	"context"
	"path"
	"slices"

	"github.com/weirstream/weir/checkpoint"
)

// A Group is what lies in one directory: the checkpoints of the jobs in it, job by job, and
// checkpoints that lie in it directly.
type Group struct {
	Shown   string // the directory; "" for a single checkpoint
	Reports []*Report
}

// List looks at every checkpoint at a place, at the depth Lengths: of each job the complete
// ones first, newest first, then what a crash or a restart has left. What was deleted
// meanwhile is not listed. It also returns what could not be looked into. The error is that
// of ctx.
func (r *Reader) List(ctx context.Context, p Place) (groups []Group, gaps []error, err error) {
	if p.Kind == AtCheckpoint {
		rep, err := r.Judge(ctx, r.TargetAt(p), Lengths)
		return []Group{{Reports: []*Report{rep}}}, nil, err
	}
	found, err := r.Search(ctx, p)
	if err != nil {
		return nil, nil, err
	}
	for _, b := range found.Bases {
		group := Group{Shown: b.Shown}
		for _, j := range b.Jobs {
			reports, err := r.listTargets(ctx, j.all())
			if err != nil {
				return nil, nil, err
			}
			shareName(reports)
			group.Reports = append(group.Reports, reports...)
		}
		loose, err := r.listTargets(ctx, b.looseTargets())
		if err != nil {
			return nil, nil, err
		}
		group.Reports = append(group.Reports, loose...)
		groups = append(groups, group)
	}
	return groups, found.Gaps, nil
}

func (r *Reader) listTargets(ctx context.Context, targets []Target) ([]*Report, error) {
	var reports []*Report
	for _, t := range targets {
		rep, err := r.Judge(ctx, t, Lengths)
		if err != nil {
			return nil, err
		}
		if rep.Verdict != Gone {
			reports = append(reports, rep)
		}
	}
	return reports, nil
}

// all returns all that is in the directory of a job and is, or was, a checkpoint.
func (j *Job) all() []Target {
	targets := j.Targets()
	for _, n := range slices.Concat(j.Scan.SetAside, j.Scan.Leftovers) {
		if n.Kind != checkpoint.Damaged || j.Scan.IsSetAside(n) { // else it is a mark beside nothing
			targets = append(targets, j.target(n.String()))
		}
	}
	return targets
}

// shareName gives the name of a job, which its checkpoints have, to what has none.
func shareName(reports []*Report) {
	name := ""
	for _, rep := range reports {
		name = cmp.Or(name, rep.JobName)
	}
	for _, rep := range reports {
		rep.JobName = cmp.Or(rep.JobName, name)
	}
}

// restarts reports whether a restart of the job begins with the checkpoint. Flink does not
// choose by the directory: in one that was never Weir's, no checkpoint is the one.
func (rep *Report) restarts(j *Job) bool {
	newest, ok := j.Newest()
	isWeirs := ok && (j.Weirs || rep.IsSealed())
	return isWeirs && checkpoint.ParseName(path.Base(rep.Path)) == checkpoint.Name{Kind: checkpoint.Complete, ID: newest}
}
