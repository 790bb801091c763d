package inspect

import (
	"context"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/weirstream/weir/checkpoint"
	"github.com/weirstream/weir/durable"
)

// A Base is a directory with directories of jobs, or with checkpoints, directly in it.
type Base struct {
	Path, Shown string
	Jobs        []*Job   // by their names
	Loose       []string // directories in it that are checkpoints
}

// Found is what a search found.
type Found struct {
	Bases []Base  // by their names
	Gaps  []error // what could not be looked into
}

const (
	// treeDepth is how many directories deep a search goes.
	treeDepth = 4
	// treeDirs is how many directories a search looks into, so that it ends even when it is
	// started at the root of a disk.
	treeDirs = 20_000
)

// Search finds all jobs and checkpoints at a place that is a job or a tree. It does not
// look into hidden directories, nor into those of shared state. Of symbolic links it follows
// those that are named by a job's id, as the job does. The error is that of ctx.
func (r *Reader) Search(ctx context.Context, p Place) (*Found, error) {
	fsys, _ := r.begin(ctx, "searching "+p.Shown)
	s := &search{r: Reader{FS: fsys}}
	if p.Kind == AtJob {
		b := Base{Path: path.Dir(p.Path), Shown: path.Dir(p.Shown)}
		s.job(&b, p.Path, p.Shown, false)
		s.found.Bases = append(s.found.Bases, b)
	} else {
		s.tree(p.Path, p.Shown, treeDepth)
	}
	if s.cut {
		s.found.Gaps = append(s.found.Gaps, fmt.Errorf("not everything was searched: there are more than %d directories, or some more "+
			"than %d deep; name a directory nearer to the checkpoints", treeDirs, treeDepth))
	}
	slices.SortFunc(s.found.Bases, func(a, b Base) int { return strings.Compare(a.Path, b.Path) })
	for _, b := range s.found.Bases {
		slices.SortFunc(b.Jobs, func(x, y *Job) int { return strings.Compare(x.Path, y.Path) })
	}
	return &s.found, ctx.Err()
}

// Jobs returns all jobs that were found.
func (f *Found) Jobs() []*Job {
	var jobs []*Job
	for _, b := range f.Bases {
		jobs = append(jobs, b.Jobs...)
	}
	return jobs
}

// Targets returns all complete checkpoints that were found, job by job, newest first.
func (f *Found) Targets() []Target {
	var targets []Target
	for _, b := range f.Bases {
		for _, j := range b.Jobs {
			targets = append(targets, j.Targets()...)
		}
		targets = append(targets, b.looseTargets()...)
	}
	return targets
}

func (b Base) looseTargets() []Target {
	targets := make([]Target, len(b.Loose))
	for i, dir := range b.Loose {
		targets[i] = Target{Path: path.Join(b.Path, dir), Shown: path.Join(b.Shown, dir)}
	}
	return targets
}

type search struct {
	r     Reader
	found Found
	dirs  int
	cut   bool // there was more than may be looked into
}

func (s *search) fail(err error) { s.found.Gaps = append(s.found.Gaps, err) }

func (s *search) job(b *Base, name, shown string, linked bool) {
	j, err := s.r.job(name, shown)
	if err != nil {
		s.fail(err)
		return
	}
	j.Linked = linked
	b.Jobs = append(b.Jobs, j)
}

// tree looks into a directory and those below it.
func (s *search) tree(name, shown string, depth int) {
	if s.dirs++; s.dirs > treeDirs {
		s.cut = true
		return
	}
	listing, err := s.r.FS.ReadDir(name)
	if err != nil {
		s.fail(err)
		return
	}
	b := Base{Path: name, Shown: shown}
	for _, e := range listing {
		isLink := !e.Dir && !e.Regular && isJobName(e.Name)
		if !e.Dir && !isLink || strings.HasPrefix(e.Name, ".") || checkpoint.ParseName(e.Name).Kind == checkpoint.Furniture {
			continue
		}
		childName, childShown := path.Join(name, e.Name), path.Join(shown, e.Name)
		child, err := s.r.FS.ReadDir(childName)
		if err != nil && isLink {
			err = notFollowed(childShown, childName)
		}
		if err != nil {
			s.fail(err)
			continue
		}
		switch kindOf(e.Name, child) {
		case AtCheckpoint:
			b.Loose = append(b.Loose, e.Name)
		case AtJob:
			s.job(&b, childName, childShown, isLink)
		default:
			if depth > 1 {
				s.tree(childName, childShown, depth-1)
			} else {
				s.cut = s.cut || slices.ContainsFunc(child, func(e durable.Entry) bool { return e.Dir })
			}
		}
	}
	if len(b.Jobs) > 0 || len(b.Loose) > 0 {
		s.found.Bases = append(s.found.Bases, b)
	}
}
