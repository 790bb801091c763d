package store

import (
	"fmt"
	"io/fs"

	"github.com/weirstream/weir/checkpoint"
	"github.com/weirstream/weir/durable"
)

// Committed remembers that every effect of checkpoint id is visible: that all sinks have
// committed what it, and every checkpoint before it, holds prepared. The checkpoint is one
// of this directory and complete, but need no longer be there. A restart from it, or from
// an older one, finds Checkpoint.Committed set, and need not look for those effects again.
//
// It is remembered in the lock file. On nil that is durable: whenever the power fails, a
// restart knows it. Ids only rise: if it is remembered of a higher id nothing is written.
// After an error it may or may not be remembered, and both are safe: if it is not, sinks
// are asked to commit again. The job may go on; nothing more is remembered in this
// incarnation, and later calls fail.
func (s *Store) Committed(id checkpoint.ID) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.usable(); err != nil {
		return err
	}
	switch {
	case id < 1 || id > s.newest:
		return fmt.Errorf("remember the effects of checkpoint %v: it is not complete here, the newest that is is %v", id, s.newest)
	case id <= s.owner.committed:
		return nil
	case s.lostTrack:
		return fmt.Errorf("remember that the effects of checkpoint %v are visible: %w", id, errLostTrack)
	}
	next := s.owner
	next.highest = max(next.highest, s.last)
	next.committed, next.committedBy = id, s.owner.incarnation
	if err := s.lock.write(next); err != nil {
		s.lostTrack = true
		return fmt.Errorf("remember that the effects of checkpoint %v are visible: %w", id, err)
	}
	s.owner = next
	return nil
}

// remembers reports whether the lock file says that every effect of a checkpoint of this
// directory is visible. An id that was noted counts only for checkpoints that are not
// younger than the note.
func (s *Store) remembers(c *Checkpoint) bool {
	return c != nil && c.Seal != nil && c.ID <= s.owner.committed && c.Seal.Incarnation <= s.owner.committedBy
}

// A LockRecord is what the lock file of a job's directory says.
type LockRecord struct {
	JobName     string // empty if it was never given
	Owner       string // the last process that owned the directory, or owns it now
	Incarnation checkpoint.Incarnation
	Highest     checkpoint.ID // the highest id that was noted; names may bear higher ones
	Committed   checkpoint.ID // see Store.Committed; 0 if nothing is remembered
}

// ReadLock reads the lock file of a job's directory without taking the lock: for looking at
// a directory, also while a job runs. What it says may change at any time. If there is no
// lock file the error wraps fs.ErrNotExist; if there is one and no slot of it is whole the
// record is empty.
func ReadLock(fsys durable.FS, dir string) (LockRecord, error) {
	name := checkpoint.JobDir(dir).Lock()
	e, err := fsys.Stat(name)
	if err == nil && !e.Regular {
		err = &fs.PathError{Op: "read", Path: name, Err: errNotALockFile}
	}
	if err != nil {
		return LockRecord{}, err
	}
	l := &lock{current: -1}
	if err := l.readFromDisk(fsys, name); err != nil {
		return LockRecord{}, fmt.Errorf("read the lock file: %w", err)
	}
	return LockRecord{
		JobName: l.content.job, Owner: l.content.owner, Incarnation: l.content.incarnation,
		Highest: l.content.highest, Committed: l.content.committed,
	}, nil
}
