package inspect

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"path/filepath"
	"strings"

	"github.com/weirstream/weir/checkpoint"
	"github.com/weirstream/weir/checkpoint/store"
	"github.com/weirstream/weir/durable"
)

// A Place is what lies at a path.
type Place struct {
	Kind  PlaceKind
	Path  string // where it lies: absolute, with slashes; the last element means something
	Shown string // the path as it was given
	File  bool   // it is a file: the metadata of a checkpoint
}

// PlaceKind is what kind of thing lies at a path.
type PlaceKind uint8

const (
	// AtCheckpoint: the directory of a checkpoint, or its metadata file.
	AtCheckpoint PlaceKind = iota
	// AtJob: the directory of a job.
	AtJob
	// AtTree: any other directory. Directories of jobs may lie below it.
	AtTree
)

// Dir returns the directory of the checkpoint at p.
func (p Place) Dir() string {
	if p.File {
		return path.Dir(p.Path)
	}
	return p.Path
}

// A NoCheckpointError says that there is no complete checkpoint at a path.
type NoCheckpointError struct {
	Path   string // as it was given
	Reason string
}

func (e *NoCheckpointError) Error() string { return e.Reason }

// Look finds out what lies at a path: of this system, or a URI as Flink writes them.
func (r *Reader) Look(given string) (Place, error) {
	shown, err := store.LocalPath(given)
	if err != nil {
		return Place{}, err
	}
	p := Place{Path: shown, Shown: shown}
	if abs, err := filepath.Abs(filepath.FromSlash(shown)); err == nil {
		p.Path = Followed(r.FS, filepath.ToSlash(abs))
	}
	e, err := r.FS.Stat(p.Path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return p, fmt.Errorf("%s does not exist", shown)
	case err != nil:
		return p, err
	case e.Regular:
		p.Kind, p.File = AtCheckpoint, true
		return p, nil
	case !e.Dir && !isJobName(path.Base(p.Path)):
		return p, notFollowed(shown, p.Path)
	}
	listing, err := r.FS.ReadDir(p.Path)
	switch {
	case err != nil && !e.Dir:
		return p, notFollowed(shown, p.Path)
	case err != nil:
		return p, err
	}
	p.Kind = kindOf(path.Base(p.Path), listing)
	return p, nil
}

// LookForCheckpoint finds the checkpoint that a path stands for: for the directory of a
// job, that is its newest complete one. The error is a *NoCheckpointError if there is none.
func (r *Reader) LookForCheckpoint(given string) (Place, error) {
	p, err := r.Look(given)
	if err != nil {
		return p, err
	}
	switch p.Kind {
	case AtTree:
		return p, &NoCheckpointError{p.Shown, fmt.Sprintf("%s is no checkpoint and no job's directory", p.Shown)}
	case AtJob:
		j, err := r.job(p.Path, p.Shown)
		if err != nil {
			return p, err
		}
		newest, ok := j.Newest()
		if !ok {
			return p, &NoCheckpointError{p.Shown, fmt.Sprintf("there is no complete checkpoint in %s", p.Shown)}
		}
		t := j.target(completeName(newest))
		return Place{Kind: AtCheckpoint, Path: t.Path, Shown: t.Shown}, nil
	}
	return p, nil
}

// kindOf decides by its name and its contents what a directory is.
func kindOf(base string, listing []durable.Entry) PlaceKind {
	hasCheckpoints := false
	for _, e := range listing {
		if e.Name == checkpoint.MetadataName {
			return AtCheckpoint
		}
		n := checkpoint.ParseName(e.Name)
		hasCheckpoints = hasCheckpoints || e.Name == checkpoint.LockName ||
			e.Dir && n.Kind != checkpoint.Stranger && n.Kind != checkpoint.Furniture
	}
	if hasCheckpoints || isJobName(base) {
		return AtJob
	}
	if KindOf(base) != Snapshot {
		return AtCheckpoint // the rest of one
	}
	return AtTree
}

func isJobName(base string) bool {
	_, err := checkpoint.ParseJobID(base)
	return err == nil
}

// Kind is what the name of a checkpoint's directory says that it is. The texts are a
// contract: docs/cli-json.md.
type Kind string

const (
	Complete  Kind = "checkpoint"  // chk-N
	Savepoint Kind = "savepoint"   // savepoint-…
	Snapshot  Kind = "snapshot"    // any other name
	Staging   Kind = "in_progress" // .inprogress-…
	Deleting  Kind = "trash"       // .trash-…
	Aside     Kind = "set_aside"   // .damaged-…
)

// KindOf returns the kind of a checkpoint by the name of its directory.
func KindOf(base string) Kind {
	switch checkpoint.ParseName(base).Kind {
	case checkpoint.Complete:
		return Complete
	case checkpoint.Staging:
		return Staging
	case checkpoint.Trash:
		return Deleting
	case checkpoint.Damaged:
		return Aside
	}
	if strings.HasPrefix(base, "savepoint-") {
		return Savepoint
	}
	return Snapshot
}
