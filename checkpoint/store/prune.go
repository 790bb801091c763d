package store

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"

	"github.com/weirstream/weir/checkpoint"
	"github.com/weirstream/weir/durable"
)

// A Pruning is a directory from which checkpoints are to be deleted. What may go is not
// decided here: checkpoint.Retain decides it, from what was verified after OpenPruning has
// returned.
//
// In the directory of a Weir job, which is one with a lock file, it holds the lock: as
// long as it is open no job can be started there, and while a job runs it cannot be
// opened. In any other directory it is not known what is at work.
type Pruning struct {
	s      *Store
	locked bool
}

// OpenPruning makes the names in dir durable; list it after that. An attempt that was killed
// between the rename of its checkpoint and the sync after it has left a name that the next
// power cut may take away: no other checkpoint may be deleted because of that name.
//
// If a job owns the directory the error is a *LockedError that names it. A process that
// tries to start one meanwhile is told owner.
func OpenPruning(fsys durable.FS, dir, owner string) (*Pruning, error) {
	p := &Pruning{s: &Store{
		fsys: fsys, dir: checkpoint.JobDir(dir), opts: Options{Owner: owner}, log: slog.New(slog.DiscardHandler),
	}}
	e, err := fsys.Stat(p.s.dir.Lock())
	switch {
	case err == nil && e.Regular:
		p.locked = true
		err = p.s.take() // syncs the directory
	case errors.Is(err, fs.ErrNotExist):
		if err = fsys.SyncDir(dir); err != nil {
			err = fmt.Errorf("sync the directory, to make what is in it durable: %w", err)
		}
	case err == nil:
		err = fmt.Errorf("%s is not a regular file", p.s.dir.Lock())
	}
	if err != nil {
		return nil, errors.Join(err, p.Close())
	}
	return p, nil
}

// Sweepable reports whether a leftover may be removed: a half-deleted checkpoint always, a
// staging directory, which may be in use, only while the lock is held.
func (p *Pruning) Sweepable(n checkpoint.Name) bool {
	return n.Kind == checkpoint.Trash || n.Kind == checkpoint.Staging && p.locked
}

// Settle makes a checkpoint durable that another program has written: Flink, which may not
// have synced all of it, or cp. It comes before verifying, as only what is on the disk can
// be read past the page cache; and verifying comes before another checkpoint is deleted.
func (p *Pruning) Settle(id checkpoint.ID) error {
	return durable.SettleDir(p.s.fsys, p.s.dir.Complete(id))
}

// Delete deletes a checkpoint as Subsume does. Nothing is synced: if a power cut brings
// back some of it, it is pruned the next time.
func (p *Pruning) Delete(id checkpoint.ID) error {
	if err := p.s.delete(id); err != nil {
		return fmt.Errorf("delete checkpoint %v: %w", id, err)
	}
	return nil
}

// Sweep removes a leftover that is Sweepable.
func (p *Pruning) Sweep(n checkpoint.Name) error {
	if !p.Sweepable(n) {
		return fmt.Errorf("%s is not to be removed", n)
	}
	if err := durable.RemoveTree(p.s.fsys, p.s.dir.Path(n)); err != nil {
		return fmt.Errorf("remove leftover: %w", err)
	}
	return nil
}

// Close releases the directory.
func (p *Pruning) Close() error {
	if p.s.lock == nil {
		return nil
	}
	return p.s.Close()
}
