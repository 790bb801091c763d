package main

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/weirstream/weir/checkpoint"
	"github.com/weirstream/weir/durable"
)

// A place is what lies at a path that somebody named.
type place struct {
	kind  placeKind
	name  string // where it lies, as an absolute path: what that ends in means something
	shown string // the path as it was named
	file  bool   // it is a file: a checkpoint's metadata
}

type placeKind uint8

const (
	aCheckpoint placeKind = iota // a checkpoint's directory or its metadata file
	aJob                         // a job's directory
	aTree                        // any other directory; job directories may be in it
)

// look finds out what lies at a path.
func look(fsys durable.FS, given string) (place, error) {
	shown, err := localPath(given)
	if err != nil {
		return place{}, err
	}
	name := shown
	if abs, err := filepath.Abs(filepath.FromSlash(shown)); err == nil {
		name = followed(fsys, filepath.ToSlash(abs))
	}
	p := place{name: name, shown: shown}
	e, err := fsys.Stat(name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return p, fmt.Errorf("%s does not exist", shown)
	case err != nil:
		return p, err
	case e.Regular:
		p.kind, p.file = aCheckpoint, true
		return p, nil
	case !e.Dir && !isJobName(path.Base(name)):
		return p, notFollowed(shown, name)
	}
	listing, err := fsys.ReadDir(name)
	switch {
	case err != nil && !e.Dir:
		return p, notFollowed(shown, name)
	case err != nil:
		return p, err
	}
	p.kind = kindOf(path.Base(name), listing)
	return p, nil
}

// localPath turns a path of this system, or a URI as Flink writes them, into a
// slash-separated path.
func localPath(s string) (string, error) {
	rest, isURI := strings.CutPrefix(s, "file:")
	if auth, ok := strings.CutPrefix(rest, "//"); isURI && ok {
		if !strings.HasPrefix(auth, "/") {
			return "", fmt.Errorf("%s: only files of this machine can be read", s)
		}
		rest = auth
	}
	if i := strings.Index(rest, "://"); i > 0 && !isURI {
		return "", fmt.Errorf("%s: only local files can be read, not %s; copy the checkpoint's directory first", s, rest[:i])
	}
	return path.Clean(filepath.ToSlash(rest)), nil
}

// kindOf tells by its name and what is in it what a directory is.
func kindOf(base string, listing []durable.Entry) placeKind {
	bearsCheckpoints := false
	for _, e := range listing {
		if e.Name == checkpoint.MetadataName {
			return aCheckpoint
		}
		n := checkpoint.ParseName(e.Name)
		bearsCheckpoints = bearsCheckpoints || e.Name == checkpoint.LockName ||
			e.Dir && n.Kind != checkpoint.Stranger && n.Kind != checkpoint.Furniture
	}
	if bearsCheckpoints || isJobName(base) {
		return aJob
	}
	if k := snapshotKind(base); k != "snapshot" {
		return aCheckpoint // what is left of one
	}
	return aTree
}

func isJobName(base string) bool {
	_, err := checkpoint.ParseJobID(base)
	return err == nil
}

// snapshotKind is what a directory is called that has a metadata file, or had one.
func snapshotKind(base string) string {
	switch checkpoint.ParseName(base).Kind {
	case checkpoint.Complete:
		return "checkpoint"
	case checkpoint.Staging:
		return "in_progress"
	case checkpoint.Trash:
		return "trash"
	case checkpoint.Damaged:
		return "set_aside"
	}
	if strings.HasPrefix(base, "savepoint-") {
		return "savepoint"
	}
	return "snapshot" // somebody has given it a name
}

// A jobDir is a listed job's directory.
type jobDir struct {
	name, shown string
	job         *checkpoint.JobID // nil if the directory is not named by it
	scan        checkpoint.Scan
	// weirs tells that a Weir job has owned the directory. The names in it then prove
	// what they say, and each checkpoint in it has a seal or is damaged.
	weirs bool
	// linked tells that it was found behind a link that nobody had named.
	linked bool
	loose  []string // directories in it with checkpoints by other names
}

func readJob(fsys durable.FS, name, shown string) (*jobDir, error) {
	listing, err := fsys.ReadDir(name)
	if err != nil {
		return nil, err
	}
	j := &jobDir{name: name, shown: shown}
	if id, err := checkpoint.ParseJobID(path.Base(name)); err == nil {
		j.job = &id
	}
	entries := make([]checkpoint.Entry, len(listing))
	for i, e := range listing {
		entries[i] = checkpoint.Entry{Name: e.Name, Dir: e.Dir}
		j.weirs = j.weirs || e.Name == checkpoint.LockName && e.Regular
	}
	j.scan = checkpoint.ScanNames(entries)
	for _, e := range listing {
		if e.Dir && checkpoint.ParseName(e.Name).Kind == checkpoint.Stranger && hasMetadata(fsys, path.Join(name, e.Name)) {
			j.loose = append(j.loose, e.Name)
		}
	}
	return j, nil
}

func hasMetadata(fsys durable.FS, dir string) bool {
	_, err := fsys.Stat(checkpoint.MetadataIn(dir))
	return err == nil
}

// jobOf is the job's directory that a checkpoint lies in, nil if it does not lie in one.
func jobOf(fsys durable.FS, p place) *jobDir {
	if p.file {
		p.name, p.shown = path.Dir(p.name), path.Dir(p.shown)
	}
	if k := snapshotKind(path.Base(p.name)); k == "snapshot" || k == "savepoint" {
		return nil
	}
	name, shown := path.Dir(p.name), path.Dir(p.shown)
	if path.Base(p.shown) != path.Base(p.name) { // as . is
		shown = name
	}
	j, err := readJob(fsys, name, shown)
	if err != nil {
		return nil
	}
	return j
}

// A base is a directory with jobs' directories, or checkpoints, directly in it.
type base struct {
	name, shown string
	jobs        []*jobDir
	loose       []string // directories in it with checkpoints
}

const (
	// treeDepth is how many directories deep bases are looked for.
	treeDepth = 4
	// treeDirs is how many directories are looked into, so that somebody who names the
	// root of a disk gets an answer.
	treeDirs = 20_000
)

// A search looks for bases below a directory.
type search struct {
	fsys  durable.FS
	bases []base
	dirs  int
	errs  []error // what could not be looked into
	cut   bool    // there was more than could be looked into
}

// findBases finds all jobs and checkpoints at a place that is a job or a tree.
func findBases(fsys durable.FS, p place) *search {
	s := &search{fsys: fsys}
	if p.kind == aJob {
		b := base{name: path.Dir(p.name), shown: path.Dir(p.shown)}
		s.job(&b, p.name, p.shown, false)
		s.bases = append(s.bases, b)
		return s
	}
	s.tree(p.name, p.shown, treeDepth)
	slices.SortFunc(s.bases, func(a, b base) int { return strings.Compare(a.name, b.name) })
	return s
}

func (s *search) job(b *base, name, shown string, linked bool) {
	j, err := readJob(s.fsys, name, shown)
	if err != nil {
		s.errs = append(s.errs, err)
		return
	}
	j.linked = linked
	b.jobs = append(b.jobs, j)
}

// tree looks into a directory and those below it. Of links those are followed that are
// named by a job's id, as the job does; neither hidden directories nor those for shared
// state are looked into.
func (s *search) tree(name, shown string, depth int) {
	if s.dirs++; s.dirs > treeDirs {
		s.cut = true
		return
	}
	listing, err := s.fsys.ReadDir(name)
	if err != nil {
		s.errs = append(s.errs, err)
		return
	}
	b := base{name: name, shown: shown}
	for _, e := range listing {
		isLink := !e.Dir && !e.Regular && isJobName(e.Name)
		if !e.Dir && !isLink || strings.HasPrefix(e.Name, ".") || checkpoint.ParseName(e.Name).Kind == checkpoint.Furniture {
			continue
		}
		childName, childShown := path.Join(name, e.Name), path.Join(shown, e.Name)
		child, err := s.fsys.ReadDir(childName)
		if err != nil && isLink {
			err = notFollowed(childShown, childName)
		}
		if err != nil {
			s.errs = append(s.errs, err)
			continue
		}
		switch kindOf(e.Name, child) {
		case aCheckpoint:
			b.loose = append(b.loose, e.Name)
		case aJob:
			s.job(&b, childName, childShown, isLink)
		default:
			if depth > 1 {
				s.tree(childName, childShown, depth-1)
			} else {
				s.cut = s.cut || slices.ContainsFunc(child, func(e durable.Entry) bool { return e.Dir })
			}
		}
	}
	if len(b.jobs) > 0 || len(b.loose) > 0 {
		s.bases = append(s.bases, b)
	}
}

// gaps says what a search has not looked into.
func (s *search) gaps() []error {
	errs := s.errs
	if s.cut {
		errs = append(errs, fmt.Errorf("not everything was looked into: more than %d directories, or more than %d deep; "+
			"name a directory nearer to the checkpoints", treeDirs, treeDepth))
	}
	return errs
}
