package store

import (
	"errors"
	"fmt"
	"strings"
	"syscall"
	"testing"

	"github.com/weirstream/weir/checkpoint"
	"github.com/weirstream/weir/durable"
	"github.com/weirstream/weir/durable/crashfs"
	"github.com/weirstream/weir/durable/faultfs"
	"github.com/weirstream/weir/durable/logfs"
)

// A blind file system evicts nothing: what is read comes from the cache.
type blind struct{ durable.FS }

type blindReader struct{ durable.Reader }

func (b blind) Open(name string) (durable.Reader, error) {
	r, err := b.FS.Open(name)
	if err != nil {
		return nil, err
	}
	return blindReader{r}, nil
}

func (blindReader) Evict() error { return nil }

// A stubborn file system does what must not be done: it syncs again, on another
// descriptor, what could not be synced, and believes it.
type stubborn struct {
	durable.FS
	disk *crashfs.FS
}

type stubbornFile struct {
	durable.File
	disk *crashfs.FS
	name string
}

func (s stubborn) Create(name string) (durable.File, error) {
	f, err := s.FS.Create(name)
	if err != nil {
		return nil, err
	}
	return stubbornFile{f, s.disk, name}, nil
}

func (f stubbornFile) Sync() error {
	if f.File.Sync() == nil {
		return nil
	}
	l, err := f.disk.Lock(f.name)
	if err != nil {
		return err
	}
	defer l.Close()
	return l.Sync()
}

// syncFailure fails the k-th sync of a file.
func syncFailure(k int) faultfs.Rule {
	return faultfs.Rule{Ops: faultfs.Sync, K: k, Err: syscall.EIO}
}

// TestFailedSyncIsFinal fails each sync of a file of a checkpoint: that checkpoint is never
// complete, its file is neither written, synced nor made again, and the next checkpoint,
// of other files, is. The power may fail at any time.
func TestFailedSyncIsFinal(t *testing.T) {
	verdicts := map[crashfs.Fingerprint]error{}
	for _, loss := range crashfs.Losses {
		for k := 1; ; k++ {
			w, s := newWorld(t, 1, 1, 1)
			w.disk.SetLoss(loss)
			w.verdicts = verdicts
			var log []string
			faulty := faultfs.New(w.disk, syncFailure(k))
			w.fs = logfs.New(faulty, func(line string) { log = append(log, line) })
			s.fsys = w.fs
			r, err := crashfs.Sweep(w.disk, crashfs.Options{}, func() error {
				for range 2 {
					fired := faulty.Fired(0)
					before := s.Newest()
					if err := w.liveOn(s); err != nil {
						return err
					}
					if failed := faulty.Fired(0) > fired; failed == (s.Newest() > before) {
						return fmt.Errorf("a sync failed: %v; before %v was the newest, and now it is %v", failed, before, s.Newest())
					}
				}
				return nil
			}, w.judge)
			if err != nil || r.Bad > 0 {
				t.Fatalf("sync %d, loss %v: %v, %v", k, loss, err, r.Err())
			}
			if faulty.Fired(0) == 0 {
				if k != 1+4 {
					t.Errorf("%d syncs, want one of the state file and one of the metadata of each of two checkpoints", k-1)
				}
				break
			}
			if err := onlyRemoved(log); err != nil {
				t.Errorf("sync %d: %v\n%s", k, err, strings.Join(log, "\n"))
			}
		}
	}
}

// onlyRemoved makes sure that a file whose sync failed was closed and removed, and
// nothing else was done with it.
func onlyRemoved(log []string) error {
	dead, removed := "", false
	for _, line := range log {
		op, name, _ := strings.Cut(line, " ")
		if op == "sync" && strings.Contains(line, "[input/output error]") {
			dead, _, _ = strings.Cut(name, " ")
			continue
		}
		if dead == "" || !strings.HasPrefix(name, dead) {
			continue
		}
		if op != "close" && op != "remove" {
			return fmt.Errorf("%s, whose sync failed: %s", dead, line)
		}
		removed = removed || op == "remove"
	}
	if !removed {
		return fmt.Errorf("%q was not removed", dead)
	}
	return nil
}

// TestStubbornStoreLoses: the store on a file system that tries failed syncs again does
// lose checkpoints. So the tests above can fail.
func TestStubbornStoreLoses(t *testing.T) {
	for k, file := range []string{"state-2", "_metadata"} {
		w, s := newWorld(t, 1, 1, 1)
		s.fsys = stubborn{faultfs.New(w.disk, syncFailure(k+1)), w.disk}
		r := w.sweep(t, func() error { return w.cycle(s) })
		if r.Bad == 0 || s.Newest() != 2 {
			t.Errorf("%s was lost and not missed: %v; the newest is %v", file, r, s.Newest())
		}
	}
}

// TestSameBoot: a checkpoint that was declared complete after a failed sync is
// whole in the cache and not on the disk. Recovery in the same boot sees the disk; if it
// did not evict first it would believe the cache, and the next power cut would show it.
func TestSameBoot(t *testing.T) {
	for _, loss := range crashfs.Losses {
		for k, file := range []string{"state-2", "_metadata"} {
			lost := func() *crashfs.FS {
				w, s := newWorld(t, 1, 2, 1)
				w.disk.SetLoss(loss)
				s.fsys = stubborn{faultfs.New(w.disk, syncFailure(k+1)), w.disk}
				if id := mustPublish(t, s, 1); id != 2 {
					t.Fatal(id)
				}
				check(t, s.Close())
				return w.disk
			}
			_, _, err := start(lost(), testOptions(2), From{})
			var damaged *DamagedError
			if !errors.As(err, &damaged) || damaged.Report.ID != 2 || damaged.Intact != 1 || !strings.Contains(err.Error(), file) {
				t.Errorf("%s lost, %v on the disk: %v", file, loss, err)
			}

			disk := lost()
			_, c, err := start(blind{disk}, testOptions(2), From{})
			check(t, err)
			if c.ID != 2 {
				t.Errorf("blind, it restores %v", c.ID)
			}
			gone := 0
			for state := range disk.Point().States(crashfs.Options{}) {
				if _, _, err := start(state.FS(), testOptions(2), From{}); errors.As(err, &damaged) {
					gone++
				}
			}
			if gone == 0 {
				t.Errorf("%s lost, %v on the disk: the cache was right: nothing was tested", file, loss)
			}
		}
	}
}

// TestSameBootLock: the sync of a slot of the lock file fails, and another process opens the
// store in the same boot. The cache shows the slot; to believe it is to write over the
// only one that is on the disk.
func TestSameBootLock(t *testing.T) {
	for _, seesDisk := range []bool{true, false} {
		for _, loss := range crashfs.Losses {
			disk := withCheckpoints(t, 0)
			disk.SetLoss(loss)
			s, err := Open(disk, base, testJob, testOptions(1))
			check(t, err)
			if s.Incarnation() != 2 {
				t.Fatal(s.Incarnation())
			}
			check(t, s.Close())
			disk.Settle()
			if _, err = Open(faultfs.New(disk, syncFailure(2)), base, testJob, testOptions(1)); !errors.Is(err, syscall.EIO) {
				t.Fatal(err)
			}
			fsys := durable.FS(blind{disk})
			if seesDisk {
				fsys = disk
			}
			r, err := crashfs.Sweep(disk, crashfs.Options{}, func() error {
				s, err := Open(fsys, base, testJob, testOptions(1))
				if err == nil {
					disk.Ack(fmt.Sprint(s.Incarnation()))
				}
				return err
			}, func(state *crashfs.State) error {
				taken := checkpoint.Incarnation(2)
				for _, label := range state.Acked() {
					fmt.Sscan(label, &taken)
				}
				s, err := Open(state.FS(), base, testJob, testOptions(1))
				if err == nil && s.Incarnation() <= taken {
					err = fmt.Errorf("incarnation %v is given out, and %v was", s.Incarnation(), taken)
				}
				return err
			})
			check(t, err)
			if seesDisk != (r.Bad == 0) {
				t.Errorf("%v on the disk, which is seen: %v; %v", loss, seesDisk, r.Err())
			}
		}
	}
}
