package store

import (
	"errors"
	"fmt"
	"io/fs"

	"github.com/weirstream/weir/checkpoint"
	"github.com/weirstream/weir/durable"
)

// Subsume deletes the checkpoints that are no longer retained and returns which. It is
// called after Publish. Nothing is synced: a deletion that a power cut undoes or halves
// is finished by the next start. A checkpoint that cannot be deleted is logged and left
// for that, too; the error is misuse or a poisoned store.
func (s *Store) Subsume() (deleted []checkpoint.ID, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.usable(); err != nil {
		return nil, err
	}
	return s.retire(), nil
}

// retire deletes what is no longer retained. The caller holds mu.
func (s *Store) retire() (deleted []checkpoint.ID) {
	keep, drop := checkpoint.Retain(s.have, s.opts.Retain)
	for _, id := range drop {
		if err := s.delete(id); err != nil {
			s.log.Warn("cannot delete a checkpoint that is no longer needed; the next start tries again",
				"checkpoint", id, "dir", s.dir, "err", err)
			continue
		}
		deleted = append(deleted, id)
	}
	kept := s.have[:0]
	for _, k := range s.have {
		for _, id := range keep {
			if k.ID == id {
				kept = append(kept, k)
			}
		}
	}
	s.have = kept
	return deleted
}

// maxCopies bounds the search for a name that is not taken.
const maxCopies = 1000

// delete renames a checkpoint away and removes it, its metadata first.
func (s *Store) delete(id checkpoint.ID) error {
	trash, err := s.moveAway(id, checkpoint.Trash)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil // another process has deleted it
	case durable.Refused(err):
		return s.deleteInPlace(id)
	case err != nil:
		return fmt.Errorf("rename checkpoint to be deleted: %w", err)
	}
	if err := s.removeMetadata(trash); err != nil {
		return err
	}
	return s.removeRest(trash)
}

// deleteInPlace removes a checkpoint that cannot be renamed: an overlay renames no
// directory of its lower layer (EXDEV). The metadata goes first, durably. So whatever a
// power cut leaves of the rest, there is no chk-<n> that looks whole and is not; one
// without metadata is below the newest and counts as half deleted.
func (s *Store) deleteInPlace(id checkpoint.ID) error {
	dir := s.dir.Complete(id)
	if err := s.removeMetadata(dir); err != nil {
		return err
	}
	if err := s.fsys.SyncDir(dir); err != nil {
		return fmt.Errorf("sync the directory, after its metadata was removed: %w", err)
	}
	return s.removeRest(dir)
}

func (s *Store) removeMetadata(dir string) error {
	if err := s.fsys.Remove(checkpoint.MetadataIn(dir)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("remove metadata: %w", err)
	}
	return nil
}

func (s *Store) removeRest(dir string) error {
	if err := durable.RemoveTree(s.fsys, dir); err != nil {
		return fmt.Errorf("remove state files: %w", err)
	}
	return nil
}

// moveAway renames chk-<id> to a name of another kind that is not taken, and returns the
// new path.
func (s *Store) moveAway(id checkpoint.ID, kind checkpoint.Kind) (string, error) {
	return s.underFreeName(kind, id, func(to string) error { return s.fsys.Rename(s.dir.Complete(id), to) })
}

// underFreeName has something made under the first name for a checkpoint that is not
// taken, and returns its path.
func (s *Store) underFreeName(kind checkpoint.Kind, id checkpoint.ID, do func(name string) error) (string, error) {
	for k := range maxCopies {
		name := s.dir.Path(checkpoint.Name{Kind: kind, ID: id, Copy: k})
		err := do(name)
		if err == nil {
			return name, nil
		}
		if !errors.Is(err, fs.ErrExist) {
			return "", err
		}
	}
	return "", fmt.Errorf("%d names for it are taken: %w", maxCopies, fs.ErrExist)
}
