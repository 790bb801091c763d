package store

import (
	"errors"
	"fmt"
	"testing"

	"github.com/weirstream/weir/durable"
	"github.com/weirstream/weir/durable/crashfs"
)

var errKilled = errors.New("the process was killed")

// A mortal file system is that of a process that is killed before its operation number
// at: it does nothing any more, not even what would clean up. What it had done is in the
// cache, and nothing of it is lost to the next process; only its lock is gone.
type mortal struct {
	durable.FS
	at, n int
}

func (m *mortal) alive() error {
	if m.n++; m.n >= m.at {
		return errKilled
	}
	return nil
}

func (m *mortal) dead() bool { return m.n >= m.at }

func (m *mortal) do(op func() error) error {
	if err := m.alive(); err != nil {
		return err
	}
	return op()
}

func (m *mortal) Mkdir(name string) error   { return m.do(func() error { return m.FS.Mkdir(name) }) }
func (m *mortal) Remove(name string) error  { return m.do(func() error { return m.FS.Remove(name) }) }
func (m *mortal) SyncDir(name string) error { return m.do(func() error { return m.FS.SyncDir(name) }) }
func (m *mortal) Rename(from, to string) error {
	return m.do(func() error { return m.FS.Rename(from, to) })
}

func (m *mortal) Create(name string) (durable.File, error) {
	if err := m.alive(); err != nil {
		return nil, err
	}
	f, err := m.FS.Create(name)
	return mortalFile{f, m}, err
}

func (m *mortal) Lock(name string) (durable.LockFile, error) {
	if err := m.alive(); err != nil {
		return nil, err
	}
	l, err := m.FS.Lock(name)
	return mortalLock{l, m}, err
}

type mortalFile struct {
	durable.File
	of *mortal
}

func (f mortalFile) Sync() error { return f.of.do(f.File.Sync) }
func (f mortalFile) Write(p []byte) (n int, err error) {
	err = f.of.do(func() error { n, err = f.File.Write(p); return err })
	return n, err
}

type mortalLock struct {
	durable.LockFile
	of *mortal
}

func (l mortalLock) Sync() error { return l.of.do(l.LockFile.Sync) }
func (l mortalLock) WriteAt(p []byte, off int64) (n int, err error) {
	err = l.of.do(func() error { n, err = l.LockFile.WriteAt(p, off); return err })
	return n, err
}

// TestKilledThenPowerCut kills a job manager before each of its operations, starts it
// again on what the cache still has, and cuts the power meanwhile: what the first left in
// the cache and not on the disk may be lost then, and nothing may be built on it.
func TestKilledThenPowerCut(t *testing.T) {
	t.Parallel()
	for _, before := range []int{0, 1} {
		t.Run(fmt.Sprintf("after %d checkpoints", before), func(t *testing.T) {
			try := sample(t, 4)
			verdicts := map[crashfs.Fingerprint]error{}
			var states uint64
			for k := 1; ; k++ {
				if !try() {
					continue
				}
				w, s := newWorld(t, 1, 1, before)
				w.verdicts = verdicts
				p, err := w.begin(s)
				check(t, err)
				w.tell(toldAborted, p.of)
				check(t, errors.Join(p.Abort(), s.Close()))
				w.disk.Settle()
				m := &mortal{FS: w.disk, at: k}
				r := w.sweep(t, func() error {
					w.fs = m
					if s, err := w.restart(); err == nil {
						_ = w.cycle(s)
						_ = s.Close()
					}
					w.fs = w.disk
					s, err := w.restart()
					if err != nil {
						return err
					}
					return w.cycle(s)
				})
				states += r.States
				if err := r.Err(); err != nil {
					t.Errorf("killed before operation %d: %v", k, err)
				}
				if !m.dead() {
					t.Logf("killed before each of %d operations: %d states", k-1, states)
					break
				}
			}
		})
	}
}
