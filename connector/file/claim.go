package file

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path"
	"path/filepath"

	"github.com/weirstream/weir"
	"github.com/weirstream/weir/durable"
)

// errNoPath says that the caller has given the empty path, as from a flag that is not set. It
// does not stand for the working directory.
var errNoPath = errors.New(`the path is empty: for the working directory, use "."`)

// Claim makes the folder, durably, if it is missing, and locks it for this job and sink:
// others may use the folder at the same time. The lock ends with the process, however that
// ends.
//
// Without a checkpoint, or with one that is older than visible output of this lineage, the
// run would write again what is visible: that is refused. Files that a consumer has moved
// away are not seen.
func (s sink[T]) Claim(_ context.Context, c weir.Claim) (release func() error, err error) {
	if s.dir == "" {
		return nil, weir.Permanent(errNoPath)
	}
	if err := durable.MkdirAll(s.fsys, s.dir); err != nil {
		return nil, err
	}
	o := ownerOf(c.SinkID)
	lock, err := s.lock(c)
	if err != nil {
		return nil, err
	}
	unlock := func() error {
		if lock == nil {
			return nil
		}
		// The name is removed while the lock is held. A run that has opened the file just
		// before notices that (see durable.FS.Lock), and a name that stays does no harm.
		_ = s.fsys.Remove(s.path(o.lockName()))
		return lock.Close()
	}
	if err := s.lookAround(c); err != nil {
		_ = unlock() // nothing was written under it
		return nil, err
	}
	s.running.begin(o, lineageOf(c.Lineage))
	return func() error {
		s.running.end(o)
		return unlock()
	}, nil
}

// lookAround looks for output of earlier runs.
func (s sink[T]) lookAround(c weir.Claim) error {
	entries, err := s.fsys.ReadDir(s.dir)
	if err != nil {
		return fmt.Errorf("look for output of earlier runs: %w", err)
	}
	var names, others []string
	o, l := ownerOf(c.SinkID), lineageOf(c.Lineage)
	for _, e := range entries {
		names = append(names, e.Name)
		if n, ok := parseInProgress(e.Name); hiddenBy(o, e.Name) && (!ok || n.run.lineage != l) {
			others = append(others, e.Name)
		}
	}
	if old := repeated(names, o, l, c.Fresh, c.From); len(old) > 0 && !c.BesideOld {
		return &weir.OldOutputError{Place: s.dir, Found: listed(old), From: c.From}
	}
	if len(others) > 0 {
		slog.Warn("the folder holds hidden files of runs of this job with other checkpoints, which may be prepared output; "+
			"they are left to such a run; if those checkpoints are gone for good, they can be deleted",
			"folder", s.dir, "files", len(others), "first", others[0])
	}
	return nil
}

// listed describes files, of which there is at least one.
func listed(names []string) string {
	if len(names) == 1 {
		return names[0]
	}
	return fmt.Sprintf("%d files, the first of which is %s", len(names), names[0])
}

// Writes returns the path of a file such as the sink makes visible, or "" if it does not
// write to the files of the operating system.
func (s sink[T]) Writes() string {
	below := s.fsys
	for below != durable.OS() {
		wrapper, ok := below.(interface{ Unwrap() durable.FS })
		if !ok {
			return ""
		}
		below = wrapper.Unwrap()
	}
	return filepath.FromSlash(path.Join(s.dir, visibleName(0, run{}, 0, 0, s.extension)))
}
