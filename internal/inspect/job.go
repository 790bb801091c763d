package inspect

import (
	"context"
	"path"
	"slices"

	"github.com/weirstream/weir/checkpoint"
	"github.com/weirstream/weir/durable"
)

// A Job is the directory of a job, listed.
type Job struct {
	Path  string            // absolute
	Shown string            // the path as it was given, with what is below it
	ID    *checkpoint.JobID // nil if the directory is not named by an id
	Name  string            // by a checkpoint in it; "" if it was not asked for or is not known
	Scan  checkpoint.Scan
	// Weirs reports whether a job of Weir's has owned the directory. Then each name in it
	// proves what it says, and each complete checkpoint has a seal or is damaged.
	Weirs bool
	// Linked reports whether the directory was found through a symbolic link that was not
	// named on the way.
	Linked bool
	// Loose are directories with metadata and other names than a job gives.
	Loose []string
}

// A Target is a checkpoint to be judged.
type Target struct {
	Path  string // its directory, or its metadata file; absolute
	Shown string // the path as it was given, with what is below it
	Job   *Job   // whose directory it lies in; nil if in none
}

// OpenJob lists the directory of a job again, after it may have changed.
func (r *Reader) OpenJob(name, shown string) (*Job, error) { return r.job(name, shown) }

func (r *Reader) job(name, shown string) (*Job, error) {
	listing, err := r.FS.ReadDir(name)
	if err != nil {
		return nil, err
	}
	j := &Job{Path: name, Shown: shown}
	if id, err := checkpoint.ParseJobID(path.Base(name)); err == nil {
		j.ID = &id
	}
	entries := make([]checkpoint.Entry, len(listing))
	for i, e := range listing {
		entries[i] = checkpoint.Entry{Name: e.Name, Dir: e.Dir}
		j.Weirs = j.Weirs || e.Name == checkpoint.LockName && e.Regular
	}
	j.Scan = checkpoint.ScanNames(entries)
	for _, e := range listing {
		if e.Dir && !isCheckpointName(e.Name) && hasMetadata(r.FS, path.Join(name, e.Name)) {
			j.Loose = append(j.Loose, e.Name)
		}
	}
	return j, nil
}

func hasMetadata(fsys durable.FS, dir string) bool {
	_, err := fsys.Stat(checkpoint.MetadataIn(dir))
	return err == nil
}

// NameJobs finds out what jobs are called, by the newest checkpoint of each that can be read.
// The error is that of ctx.
func (r *Reader) NameJobs(ctx context.Context, jobs []*Job) error {
	for _, j := range jobs {
		for _, id := range slices.Backward(j.Scan.Complete) {
			t := j.Target(id)
			c, err := r.Open(ctx, Place{Path: t.Path, Shown: t.Shown})
			if ctx.Err() != nil {
				return ctx.Err()
			}
			if err == nil {
				j.Name = c.Names.Job
				break
			}
		}
	}
	return nil
}

// TargetAt returns the checkpoint at a place as a target, with the job it lies in.
func (r *Reader) TargetAt(p Place) Target {
	return Target{Path: p.Path, Shown: p.Shown, Job: r.jobAround(p)}
}

// jobAround returns the directory of the job that a checkpoint lies in, nil if it lies in
// none.
func (r *Reader) jobAround(p Place) *Job {
	if p.File {
		p.Path, p.Shown = path.Dir(p.Path), path.Dir(p.Shown)
	}
	if k := KindOf(path.Base(p.Path)); k == Snapshot || k == Savepoint {
		return nil
	}
	name, shown := path.Dir(p.Path), path.Dir(p.Shown)
	if path.Base(p.Shown) != path.Base(p.Path) { // as . is
		shown = name
	}
	j, err := r.job(name, shown)
	if err != nil {
		return nil
	}
	return j
}

// Newest returns the newest complete checkpoint, by the names, and whether there is one.
func (j *Job) Newest() (checkpoint.ID, bool) {
	if j == nil {
		return 0, false
	}
	return j.Scan.Newest()
}

// rank returns what a name proves in j, which may be nil.
func (j *Job) rank(n checkpoint.Name) rank {
	newestID, ok := j.Newest()
	switch {
	case j == nil || !j.Weirs:
		return anywhere
	case ok && n.Kind == checkpoint.Complete && n.ID == newestID:
		return newest
	}
	return older
}

// Targets returns the complete checkpoints of the job, newest first, and then those with
// other names.
func (j *Job) Targets() []Target {
	var targets []Target
	for _, id := range slices.Backward(j.Scan.Complete) {
		targets = append(targets, j.target(completeName(id)))
	}
	for _, name := range j.Loose {
		t := j.target(name)
		t.Job = nil // its name proves nothing
		targets = append(targets, t)
	}
	return targets
}

// Target returns the checkpoint with an id.
func (j *Job) Target(id checkpoint.ID) Target { return j.target(completeName(id)) }

func (j *Job) target(base string) Target {
	return Target{Path: path.Join(j.Path, base), Shown: path.Join(j.Shown, base), Job: j}
}

func completeName(id checkpoint.ID) string {
	return checkpoint.Name{Kind: checkpoint.Complete, ID: id}.String()
}
