package inspect

import (
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
		targets := []Target{}
		for _, j := range b.Jobs {
			targets = append(targets, j.Targets()...)
			for _, n := range slices.Concat(j.Scan.SetAside, j.Scan.Leftovers) {
				if n.Kind != checkpoint.Damaged || j.Scan.IsSetAside(n) { // else it is a mark beside nothing
					targets = append(targets, j.target(n.String()))
				}
			}
		}
		group := Group{Shown: b.Shown}
		for _, t := range append(targets, b.looseTargets()...) {
			rep, err := r.Judge(ctx, t, Lengths)
			if err != nil {
				return nil, nil, err
			}
			if rep.Verdict != Gone {
				group.Reports = append(group.Reports, rep)
			}
		}
		groups = append(groups, group)
	}
	return groups, found.Gaps, nil
}

// restarts reports whether a restart of the job begins with the checkpoint. Flink does not
// choose by the directory: in one that was never Weir's, no checkpoint is the one.
func (rep *Report) restarts(j *Job) bool {
	newest, ok := j.Newest()
	isWeirs := ok && (j.Weirs || rep.IsSealed())
	return isWeirs && checkpoint.ParseName(path.Base(rep.Path)) == checkpoint.Name{Kind: checkpoint.Complete, ID: newest}
}
