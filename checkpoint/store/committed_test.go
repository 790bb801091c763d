package store

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/weirstream/weir/checkpoint"
	"github.com/weirstream/weir/durable"
	"github.com/weirstream/weir/durable/crashfs"
	"github.com/weirstream/weir/durable/faultfs"
	"github.com/weirstream/weir/durable/logfs"
)

// TestCommitted: what was remembered is known after a restart, of that checkpoint and of
// older ones, and of no newer one.
func TestCommitted(t *testing.T) {
	disk := newDisk(t)
	s, _ := mustStart(t, disk, testOptions(5))
	for range 3 {
		mustPublish(t, s, 1)
	}
	check(t, s.Committed(2))
	check(t, s.Committed(1)) // it is remembered already
	check(t, s.Close())

	known := func(want bool, from From) {
		t.Helper()
		s, c, err := start(disk, testOptions(5), from)
		check(t, err)
		defer s.Close()
		if c.Committed != want {
			t.Errorf("started from %v: committed is %t, want %t", c.ID, c.Committed, want)
		}
		again, err := s.Look()
		check(t, err)
		if again.ID == c.ID && again.Committed != c.Committed {
			t.Errorf("Look says %t", again.Committed)
		}
	}
	known(false, From{})
	known(true, From{Path: jobDir.Complete(2)})
	known(true, From{Path: jobDir.Complete(1)})
	known(false, From{Path: jobDir.Complete(3)})
	damage(t, disk, 3)
	known(true, From{AllowFallback: true})

	// Verbs of the tool take the directory and keep what is in the lock file.
	p, err := OpenPruning(disk, string(jobDir), "prune")
	check(t, errors.Join(err, p.Close()))
	known(true, From{})
	_, err = Copy(disk, jobDir.Complete(1), jobDir.Join("copy"), copyOptions)
	check(t, err)
	known(true, From{})

	// A copy elsewhere knows nothing: what is visible is remembered of a directory.
	_, err = Copy(disk, jobDir.Complete(2), "/restored/"+testJob.String()+"/chk-2", copyOptions)
	check(t, err)
	s, c, err := start2(disk, "/restored")
	check(t, err)
	if c.ID != 2 || c.Committed {
		t.Errorf("restored %v elsewhere, committed %t", c.ID, c.Committed)
	}
	check(t, s.Close())
}

func TestCommittedMisuse(t *testing.T) {
	disk := newDisk(t)
	s, err := Open(disk, base, testJob, testOptions(2))
	check(t, err)
	if err := s.Committed(1); !errors.Is(err, errNotRecovered) {
		t.Errorf("before Recover: %v", err)
	}
	_, err = s.Recover(From{})
	check(t, err)
	mustPublish(t, s, 1)
	for _, id := range []checkpoint.ID{-1, 0, 2} {
		wantText(t, s.Committed(id), "it is not complete here, the newest that is is 1")
	}
	check(t, s.Close())
	if err := s.Committed(1); !errors.Is(err, errClosed) {
		t.Errorf("after Close: %v", err)
	}
}

// TestCommittedIsBound: a checkpoint that is younger than the note, whatever its number, is
// not one of those that were meant.
func TestCommittedIsBound(t *testing.T) {
	disk := newDisk(t)
	s, _ := mustStart(t, disk, testOptions(2))
	mustPublish(t, s, 1)
	check(t, s.Committed(1))
	check(t, s.Close())
	elsewhere := newDisk(t)
	for range 2 { // incarnation 2 is younger than what was noted by 1
		s, _ = mustStart(t, elsewhere, testOptions(2))
		check(t, s.Close())
	}
	s, _ = mustStart(t, elsewhere, testOptions(2))
	mustPublish(t, s, 1)
	check(t, s.Close())
	check(t, durable.RemoveTree(disk, jobDir.Complete(1)))
	check(t, disk.Mkdir(jobDir.Complete(1)))
	for _, name := range names(t, elsewhere, jobDir.Complete(1)) {
		from := checkpoint.FileIn(jobDir.Complete(1), name)
		r, err := elsewhere.Open(from)
		check(t, err)
		data := make([]byte, r.Size())
		check(t, errors.Join(readFull(r, data, 0), r.Close(), durable.WriteFile(disk, from, data)))
	}
	_, c := mustStart(t, disk, testOptions(2))
	if c.ID != 1 || c.Seal.Incarnation != 3 || c.Committed {
		t.Errorf("checkpoint %v of incarnation %v: committed is %t", c.ID, c.Seal.Incarnation, c.Committed)
	}
}

// TestGoldenCommitted pins what remembering takes: one write and one sync, and nothing if it
// is remembered already.
func TestGoldenCommitted(t *testing.T) {
	root := filepath.ToSlash(t.TempDir())
	check(t, os.Mkdir(root+"/disk", 0o777))
	var lines []string
	fsys := logfs.New(durable.OS(), func(line string) { lines = append(lines, line) }, logfs.Root(root+"/disk"),
		logfs.Rename(func(name string) string { return strings.ReplaceAll(name, testJob.String(), "<job>") }))
	s, err := Open(fsys, root+"/disk", testJob, testOptions(2))
	check(t, err)
	_, err = s.Recover(From{})
	check(t, err)
	mustPublish(t, s, 1)
	mustPublish(t, s, 1)
	lines = nil
	for _, id := range []checkpoint.ID{1, 2, 2, 1} {
		check(t, s.Committed(id))
		lines = append(lines, fmt.Sprintf("# the effects of checkpoint %v are remembered", id))
	}
	check(t, s.Close())
	golden(t, "committed.txt", &lines)
}

// TestCrashCommitted cuts the power at every operation of remembering, in every model; the
// oracle knows what was remembered and what was visible. The sync in it is needed.
func TestCrashCommitted(t *testing.T) {
	sweep := func(m crashfs.Model, rules ...faultfs.Rule) *crashfs.Report {
		w := &world{disk: crashfs.New(m), states: 1, opts: func() Options { return testOptions(2) }}
		w.fs = w.disk
		check(t, w.disk.Mkdir(base))
		s, _ := mustStart(t, w.fs, w.opts())
		check(t, w.cycle(s))
		w.disk.Settle()
		s.fsys = w.fs
		faulty := faultfs.New(w.disk, rules...)
		s.lock.file = rewrap(t, faulty, s.lock)
		return w.sweep(t, func() error {
			return errors.Join(w.remember(s, 1), w.cycle(s), w.remember(s, 2))
		})
	}
	for _, m := range []crashfs.Model{crashfs.Strict, crashfs.Ext4, crashfs.XFS, crashfs.Btrfs, crashfs.Writeback, crashfs.NoJournal, crashfs.Torn(crashfs.Strict, 512)} {
		wantNoneBad(t, sweep(m))
	}
	if r := sweep(crashfs.Strict, faultfs.Rule{Ops: faultfs.Sync, Name: checkpoint.LockName, K: 1, Sticky: true, Do: faultfs.Drop}); r.Bad == 0 {
		t.Errorf("the sync was not missed: %v", r)
	}
}

// rewrap takes a store's lock anew, through another file system.
func rewrap(t *testing.T, fsys durable.FS, l *lock) durable.LockFile {
	t.Helper()
	check(t, l.file.Close())
	f, err := fsys.Lock(jobDir.Lock())
	check(t, err)
	return f
}

// TestCommittedFails: after an error nothing more is remembered in this incarnation, the
// job goes on, and the next start knows no less than what was remembered before.
func TestCommittedFails(t *testing.T) {
	for _, rule := range []faultfs.Rule{
		{Ops: faultfs.Write, Err: syscall.EIO}, {Ops: faultfs.Write, Do: faultfs.FailPartly, Err: syscall.ENOSPC},
		{Ops: faultfs.Write, Do: faultfs.Short}, {Ops: faultfs.Sync, Err: syscall.EIO}, {Ops: faultfs.Sync, Do: faultfs.FailAfter, Err: syscall.EIO},
	} {
		rule.Name, rule.K = checkpoint.LockName, 2
		w, s := newWorld(t, 1, 2, 1)
		s.lock.file = rewrap(t, faultfs.New(w.disk, rule), s.lock)
		check(t, w.remember(s, 1))
		_, err := w.publish(s)
		check(t, err)
		if err := w.remember(s, 2); err == nil {
			t.Errorf("%+v: remembered", rule)
		}
		if err := s.Committed(2); err == nil {
			t.Errorf("%+v: remembered after all", rule)
		}
		check(t, s.Committed(1))
		if _, err := w.publish(s); err != nil {
			t.Errorf("%+v: the job does not go on: %v", rule, err)
		}
		for state := range w.disk.Point().States(crashfs.Options{}) {
			if err := w.judge(state); err != nil {
				t.Errorf("%+v: %v", rule, err)
			}
			disk := state.FS()
			rec, err := ReadLock(disk, string(jobDir))
			if err != nil || rec.Committed < 1 || rec.Committed > 2 {
				t.Errorf("%+v: the lock file says %+v, %v", rule, rec, err)
			}
		}
	}
}

// TestReadLock reads what the lock file says, also while the lock is held, and of an older
// release.
func TestReadLock(t *testing.T) {
	disk := newDisk(t)
	if _, err := ReadLock(disk, string(jobDir)); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("there is no directory: %v", err)
	}
	opts := testOptions(2)
	opts.JobName = "the job's name " + strings.Repeat("é", maxJobNameBytes)
	opts.Owner = strings.Repeat("o", maxOwnerBytes+1)
	s, _ := mustStart(t, disk, opts)
	mustPublish(t, s, 1)
	check(t, s.Committed(1))
	rec, err := ReadLock(disk, string(jobDir))
	check(t, err)
	if !strings.HasPrefix(rec.JobName, "the job's name éé") || len(rec.JobName) != maxJobNameBytes-1 && len(rec.JobName) != maxJobNameBytes ||
		len(rec.Owner) != maxOwnerBytes || rec.Incarnation != 1 || rec.Highest != 1 || rec.Committed != 1 {
		t.Errorf("the lock file says %.60s… (%d bytes), %d bytes of owner, %v %v %v", rec.JobName, len(rec.JobName), len(rec.Owner), rec.Incarnation, rec.Highest, rec.Committed)
	}
	check(t, s.Close())
	opts.JobName, opts.Owner = "", "one that does not know the name"
	s, _ = mustStart(t, disk, opts)
	check(t, s.Close())
	if again, err := ReadLock(disk, string(jobDir)); err != nil || again.JobName != rec.JobName || again.Owner != opts.Owner || again.Incarnation != 2 {
		t.Errorf("%+v, %v", again, err)
	}

	// Nothing whole is nothing known, and no error.
	overwrite(t, disk, jobDir.Lock(), func(b []byte) []byte { return b[:100] })
	if rec, err := ReadLock(disk, string(jobDir)); err != nil || rec != (LockRecord{}) {
		t.Errorf("%+v, %v", rec, err)
	}
	check(t, disk.Remove(jobDir.Lock()))
	check(t, disk.Mkdir(jobDir.Lock()))
	if _, err := ReadLock(disk, string(jobDir)); !errors.Is(err, errNotALockFile) {
		t.Errorf("a directory for a lock file: %v", err)
	}
}

// TestNewestSlotCounts: of two slots that differ in what is remembered alone the later one
// counts, whichever place it has.
func TestNewestSlotCounts(t *testing.T) {
	disk := newDisk(t)
	s, _ := mustStart(t, disk, testOptions(5))
	for range 4 {
		mustPublish(t, s, 1)
	}
	for id := checkpoint.ID(1); id <= 4; id++ {
		check(t, s.Committed(id))
		if rec, err := ReadLock(disk, string(jobDir)); err != nil || rec.Committed != id || rec.Highest != 4 {
			t.Errorf("%v is remembered, and the lock file says %+v, %v", id, rec, err)
		}
	}
}

// TestOldLockFile: a slot of version 1 is read, and what it does not say is not remembered.
func TestOldLockFile(t *testing.T) {
	old := slotOfVersion1(7, 40, "an older release")
	disk := newDisk(t)
	check(t, durable.MkdirAll(disk, string(jobDir)))
	check(t, durable.WriteFile(disk, jobDir.Lock(), old))
	rec, err := ReadLock(disk, string(jobDir))
	if want := (LockRecord{Owner: "an older release", Incarnation: 7, Highest: 40}); err != nil || rec != want {
		t.Errorf("%+v, %v; want %+v", rec, err, want)
	}
	s, _ := mustStart(t, disk, testOptions(2))
	if id := mustPublish(t, s, 1); id != 41 || s.Incarnation() != 8 {
		t.Errorf("checkpoint %v of incarnation %v", id, s.Incarnation())
	}
}
