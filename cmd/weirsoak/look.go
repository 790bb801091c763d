package main

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"path/filepath"

	"github.com/weirstream/weir/checkpoint"
	"github.com/weirstream/weir/checkpoint/store"
	"github.com/weirstream/weir/durable"
)

// look checks what a process has left: every complete checkpoint is whole, the newest one is
// not older than after the process before, and every visible line is a line of the
// undisturbed run, and not there more often than in that.
func (l *running) look() error {
	newest, verified, damage, err := verifyAll(durable.OS(), path.Join(filepath.ToSlash(l.dir), "weir-data"))
	if err != nil {
		return fmt.Errorf("verify checkpoints: %w", err)
	}
	l.Checkpoints += verified
	if damage != "" {
		l.differs("%s", damage)
	}
	if newest < l.newest {
		l.differs("checkpoint %d was complete, and now the newest is %d", l.newest, newest)
	}
	l.newest = newest
	out, err := readOutput(l.dir)
	if err != nil {
		return err
	}
	if d := out.within(l.want); d != "" {
		l.differs("%s", d)
	}
	return nil
}

// verifyAll verifies the complete checkpoints of all jobs in base. A kill causes no damage,
// so damage is a difference.
func verifyAll(fsys durable.FS, base string) (newest checkpoint.ID, verified int, damage string, err error) {
	jobs, err := fsys.ReadDir(base)
	if errors.Is(err, fs.ErrNotExist) {
		return 0, 0, "", nil
	}
	if err != nil {
		return 0, 0, "", err
	}
	for _, e := range jobs {
		job, err := checkpoint.ParseJobID(e.Name)
		if err != nil {
			continue // the input and the output of the example are here, too
		}
		dir := checkpoint.JobDirIn(base, job)
		names, err := fsys.ReadDir(string(dir))
		if err != nil {
			return 0, 0, "", err
		}
		for _, e := range names {
			n := checkpoint.ParseName(e.Name)
			if n.Kind == checkpoint.Damaged {
				damage = fmt.Sprintf("%s: the job has set it aside", dir.Path(n))
			}
			if n.Kind != checkpoint.Complete {
				continue
			}
			newest = max(newest, n.ID)
			rep, err := store.Verify(fsys, dir.Complete(n.ID), store.VerifyOptions{Job: &job, MustBeSealed: true})
			if err != nil {
				return 0, 0, "", err
			}
			verified++
			if !rep.Verified() {
				damage = fmt.Sprintf("%s: %s", rep.Dir, rep.Verdict())
			}
		}
	}
	return newest, verified, damage, nil
}
