package store

import (
	"errors"
	"fmt"
	"io/fs"
	"path"

	"github.com/zeebo/xxh3"

	"github.com/weirstream/weir/checkpoint"
	"github.com/weirstream/weir/durable"
)

var errInTheWay = errors.New("it exists, and nothing is replaced: give another name, or move away what is there")

// inTheWay is the error for a name that is taken. A copy that was killed between its rename
// and the sync after it has left a name that the next power cut may take away. A caller
// that is told that it exists may delete the source, so the name is made durable first.
func (c *copying) inTheWay() error {
	parent := path.Dir(c.dst)
	if err := c.fsys.SyncDir(parent); err != nil {
		return fmt.Errorf("it exists, and it is not known whether it is there to stay: sync %s: %w", parent, err)
	}
	return errInTheWay
}

// destination checks that the copy may have the name it is to have, and decides its
// identity. It changes nothing, but may make durable what is there.
func (c *copying) destination() error {
	switch e, err := c.fsys.Stat(c.dst); {
	case err == nil && e.Dir:
		into := checkpoint.Name{Kind: checkpoint.Complete, ID: c.from.ID}.String()
		return fmt.Errorf("%w; a copy in it would be %s", c.inTheWay(), path.Join(c.dst, into))
	case err == nil:
		return c.inTheWay()
	case !errors.Is(err, fs.ErrNotExist):
		return err
	}
	parent := path.Dir(c.dst)
	if _, err := c.fsys.Stat(checkpoint.MetadataIn(parent)); err == nil {
		return fmt.Errorf("%s is a checkpoint itself, and nothing is written into one", parent)
	}
	c.name = checkpoint.ParseName(path.Base(c.dst))
	id := c.from.ID
	switch {
	case c.name.Kind != checkpoint.Complete && c.name.Kind != checkpoint.Stranger:
		return fmt.Errorf("%s is a name for what is no checkpoint; call it chk-%v, or anything else", path.Base(c.dst), id)
	case c.name.Kind == checkpoint.Complete && c.name.ID != id:
		return fmt.Errorf("it is checkpoint %v and cannot be called %s; call it chk-%v, or anything else", id, c.name, id)
	}
	c.done.Identity = c.identityOf()
	job, err := checkpoint.ParseJobID(path.Base(parent))
	if err == nil && c.name.Kind == checkpoint.Complete && job != c.done.Identity.Job {
		return fmt.Errorf("it is of job %v, and %s is the directory of another job", c.done.Identity.Job, parent)
	}
	if id < 1 {
		return fmt.Errorf("it has the id %v, and a seal is for one from 1 on", id)
	}
	return nil
}

// identityOf is the identity of the copy. A sealed checkpoint keeps its own. One without a
// seal gets the job that names the directory it is copied into, or else the directory it
// is in, or else a job id that is made from the metadata: so the same savepoint is of the
// same job each time. Its incarnation is 1, or, if possession of a job's directory is taken
// for it, the new one there, under which nothing else has been written.
func (c *copying) identityOf() checkpoint.Identity {
	if c.from.Seal != nil {
		return c.from.Seal.Identity
	}
	of := checkpoint.Identity{Incarnation: 1, ID: c.from.ID}
	for _, dir := range []string{path.Dir(c.dst), path.Dir(c.from.Dir)} {
		if job, err := checkpoint.ParseJobID(path.Base(dir)); err == nil {
			of.Job = job
			return of
		}
	}
	h := xxh3.New()
	h.WriteString(hashOfJob)
	h.Write(c.metadata)
	of.Job = checkpoint.JobID(hash128(h.Sum128()))
	return of
}

// prepare makes the parents of the copy, durably. If it is put into the directory of a job
// it takes possession of that: a running job must not be disturbed, and the next start of a
// job removes staging directories.
//
// The directory of a job is one that has a lock file, or one that is named by a job's id:
// the job's first start may come at any moment, and then finds the lock taken.
func (c *copying) prepare() error {
	parent := path.Dir(c.dst)
	if err := c.noteMissing(parent); err != nil {
		return err
	}
	if err := durable.MkdirAll(c.fsys, parent); err != nil {
		return fmt.Errorf("make the directory of the copy: %w", err)
	}
	s := &Store{fsys: c.fsys, dir: checkpoint.JobDir(parent), opts: Options{Owner: c.opts.Owner}}
	if err := s.opts.complete(); err != nil {
		return err
	}
	s.log = s.opts.Log
	_, err := c.fsys.Stat(s.dir.Lock())
	if errors.Is(err, fs.ErrNotExist) {
		if _, err := checkpoint.ParseJobID(path.Base(parent)); err != nil {
			return nil
		}
		err = s.isWeirs()
	}
	if err != nil {
		return err
	}
	err = s.take()
	if s.lock != nil {
		// newLock is not whether it was there: a job may have made it after that look.
		c.owned, c.newLock = s, s.lock.isNew
	}
	if err != nil {
		return err
	}
	if c.done.Resealed {
		c.done.Identity.Incarnation = s.owner.incarnation
	}
	return nil
}

// isWeirs refuses a directory without a lock file that is Flink's: one with a checkpoint
// that has no seal, or with a directory for shared state, which Flink makes before the
// first checkpoint. With a lock file its checkpoints would count as Weir's, and damaged.
func (s *Store) isWeirs() error {
	refuse := func(format string, args ...any) error {
		return fmt.Errorf("%s is named by a job's id and has no lock file, and %s: it is Flink's, or damaged, "+
			"and no lock keeps other processes from writing there meanwhile; copy to another directory", s.dir, fmt.Sprintf(format, args...))
	}
	scan, err := s.scan()
	if err != nil {
		return err
	}
	for _, id := range scan.Complete {
		data, err := readMetadata(s.fsys, checkpoint.MetadataIn(s.dir.Complete(id)))
		if err == nil {
			_, _, err = splitSeal(data)
		}
		if err != nil {
			return refuse("chk-%v has no seal", id)
		}
	}
	for _, name := range []string{checkpoint.SharedName, checkpoint.TaskOwnedName} {
		if _, err := s.fsys.Stat(s.dir.Join(name)); !errors.Is(err, fs.ErrNotExist) {
			return refuse("it has %s", name)
		}
	}
	return nil
}

// stagingIncarnation tells staging directories apart. In a job's directory that is owned no
// other has the number.
func (c *copying) stagingIncarnation() checkpoint.Incarnation {
	if c.owned != nil {
		return c.owned.owner.incarnation
	}
	return c.done.Identity.Incarnation
}

// noteMissing notes which directories prepare will make.
func (c *copying) noteMissing(dir string) error {
	for {
		_, err := c.fsys.Stat(dir)
		if err == nil || path.Dir(dir) == dir {
			return nil
		}
		if !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		c.made = append(c.made, dir)
		dir = path.Dir(dir)
	}
}
