package store

import (
	"errors"
	"fmt"
	"path"
	"testing"

	"github.com/weirstream/weir/checkpoint"
	"github.com/weirstream/weir/durable"
	"github.com/weirstream/weir/durable/crashfs"
)

// copyAgain is what a person does whose copy was cut off: copy again, and remove the
// staging directory first where that is said to be in the way. That the copy is said to
// exist is as good as that it was made.
func copyAgain(fsys durable.FS, src, dst string) error {
	_, err := Copy(fsys, src, dst, copyOptions)
	var staging *stagingError
	if errors.As(err, &staging) {
		if err := durable.RemoveTree(fsys, staging.dir); err != nil {
			return err
		}
		_, err = Copy(fsys, src, dst, copyOptions)
	}
	if errors.Is(err, errInTheWay) {
		return nil
	}
	return err
}

// sweepAgain cuts the power at every operation of a copy that is made again, after first.
func sweepAgain(disk *crashfs.FS, fsys durable.FS, src, dst string, first func()) (*crashfs.Report, error) {
	return crashfs.Sweep(disk, crashfs.Options{}, func() error {
		first()
		if err := copyAgain(fsys, src, dst); err != nil {
			return err
		}
		disk.Ack(toldCopied)
		return nil
	}, judgeCopy(src, dst))
}

// TestCopyAgainAfterKill kills a copy before each of its operations, copies again on what
// the cache still has, and cuts the power then: a caller that is told that the copy exists may
// delete the source.
func TestCopyAgainAfterKill(t *testing.T) {
	for _, c := range copies {
		t.Run(c.name, func(t *testing.T) {
			try := sample(t, 8)
			var states uint64
			for k := 1; ; k++ {
				if !try() {
					continue
				}
				disk, src := c.source(t)
				m := &mortal{FS: disk, at: k}
				r, err := sweepAgain(disk, disk, src, c.dst, func() { _, _ = Copy(m, src, c.dst, copyOptions) })
				check(t, err)
				states += r.States
				if err := r.Err(); err != nil || r.Sampled > 0 {
					t.Errorf("killed before operation %d: %v, %v", k, r, err)
				}
				if !m.dead() {
					t.Logf("killed before each of %d operations: %d states", k-1, states)
					break
				}
			}
		})
	}
}

// TestCopyAgainAfterPowerCut copies again in every state that a power cut leaves, and
// cuts the power at every operation of that, too.
func TestCopyAgainAfterPowerCut(t *testing.T) {
	for _, c := range copies {
		t.Run(c.name, func(t *testing.T) {
			disk, src := c.source(t)
			again := 0
			r, err := crashfs.Sweep(disk, crashfs.Options{}, func() error {
				_, err := Copy(disk, src, c.dst, copyOptions)
				return err
			}, func(state *crashfs.State) error {
				again++
				left := state.FS()
				r, err := sweepAgain(left, left, src, c.dst, func() {})
				if err == nil {
					err = r.Err()
				}
				return err
			})
			check(t, err)
			wantNoneBad(t, r)
			t.Logf("copied again in each of %d states", again)
		})
	}
}

// TestCopyExists: without the sync of the parent directory there is no saying that a copy
// exists, nor when its name was taken after the first look.
func TestCopyExists(t *testing.T) {
	for _, c := range []struct {
		name string
		at   string // the operation before which it appears
	}{{"before the first look", ""}, {"before the rename", "rename"}} {
		t.Run(c.name, func(t *testing.T) {
			disk, src := aSource(t)
			const dst = base + "/copy"
			f := &appearing{FS: disk, src: src, dst: dst}
			if c.at == "" {
				f.appear()
			}
			_, err := Copy(f, src, dst, copyOptions)
			if !errors.Is(err, errInTheWay) {
				t.Error(err)
			}
			if f.since != 0 {
				t.Errorf("it is said to exist, and %s was not synced since", path.Dir(dst))
			}
			for _, name := range names(t, disk, base) {
				if checkpoint.ParseName(name).Kind == checkpoint.Staging {
					t.Errorf("%s is left", name)
				}
			}
			f.fail, f.since = errors.New("a disk that is gone"), 0
			_, err = Copy(f, src, dst, copyOptions)
			if errors.Is(err, errInTheWay) || !errors.Is(err, f.fail) {
				t.Errorf("it cannot be synced: %v", err)
			}
		})
	}
}

// An appearing file system has another process put a directory where the copy is to be.
type appearing struct {
	durable.FS
	src, dst string
	there    bool
	since    int // how often that was done and the parent not synced since
	fail     error
}

func (a *appearing) appear() {
	if !a.there {
		a.there = true
		a.since++
		if err := a.FS.Mkdir(a.dst); err != nil {
			panic(fmt.Sprint("make ", a.dst, ": ", err))
		}
	}
}

func (a *appearing) Rename(from, to string) error {
	a.appear()
	return a.FS.Rename(from, to)
}

func (a *appearing) SyncDir(name string) error {
	if a.fail != nil {
		return a.fail
	}
	if name == path.Dir(a.dst) {
		a.since = 0
	}
	return a.FS.SyncDir(name)
}
