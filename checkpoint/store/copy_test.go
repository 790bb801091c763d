package store

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/weirstream/weir/checkpoint"
	"github.com/weirstream/weir/durable"
	"github.com/weirstream/weir/durable/crashfs"
	"github.com/weirstream/weir/durable/faultfs"
	"github.com/weirstream/weir/durable/logfs"
	"github.com/weirstream/weir/flink"
)

var copyOptions = CopyOptions{Owner: "a copier", serial: true}

// aSource is a disk with checkpoint 1 of a job, of two state files and one inline.
func aSource(t testing.TB) (disk *crashfs.FS, src string) {
	t.Helper()
	return aSourceOn(t, newDisk(t))
}

func aSourceOn(t testing.TB, disk *crashfs.FS) (*crashfs.FS, string) {
	t.Helper()
	opts := testOptions(1)
	opts.InlineThreshold = 100
	s, _ := mustStart(t, disk, opts)
	p, err := s.Begin()
	check(t, err)
	blobs, err := write(p, 2)
	check(t, err)
	w := p.NewWriter("small", 2)
	_, err = w.Write([]byte("a small state"))
	check(t, err)
	blob, err := w.Close()
	check(t, err)
	blobs = append(blobs, blob)
	check(t, p.Publish(metadataOf(1, blobs), blobs, testNames))
	check(t, s.Close())
	disk.Settle()
	return disk, jobDir.Complete(1)
}

// aFlinkSource is a disk with a checkpoint as Flink writes one, of two files.
func aFlinkSource(t testing.TB) (disk *crashfs.FS, src string) {
	t.Helper()
	disk = newDisk(t)
	check(t, writeUnsealed(disk, base+"/sp", 7,
		&flink.RelativeHandle{Path: "one", Length: 5}, &flink.RelativeHandle{Path: "two", Length: 5},
		&flink.InlineHandle{Name: "i", Data: []byte("inline")}))
	disk.Settle()
	return disk, base + "/sp"
}

func writeUnsealed(fsys durable.FS, dir string, id checkpoint.ID, handles ...flink.StreamHandle) error {
	var blobs []Blob
	err := fsys.Mkdir(dir)
	for _, h := range handles {
		blobs = append(blobs, Blob{Handle: h})
		if h, ok := h.(*flink.RelativeHandle); ok && h.InOwnDirectory() {
			err = errors.Join(err, durable.WriteFile(fsys, path.Join(dir, h.Path), []byte(strings.Repeat("x", int(h.Length)))))
		}
	}
	payload, perr := metadataOf(id, blobs).AppendTo(nil)
	return errors.Join(err, perr, durable.WriteFile(fsys, path.Join(dir, "_metadata"), payload))
}

// tree is every name below a directory, and what is in each file.
func tree(t testing.TB, fsys durable.FS, dir string) (all []string) {
	t.Helper()
	entries, err := fsys.ReadDir(dir)
	check(t, err)
	for _, e := range entries {
		name := path.Join(dir, e.Name)
		if e.Dir {
			all = append(append(all, name+"/"), tree(t, fsys, name)...)
		} else {
			all = append(all, fmt.Sprintf("%s %x", name, sha256.Sum256(content(t, fsys, name))))
		}
	}
	return all
}

func content(t testing.TB, fsys durable.FS, name string) []byte {
	t.Helper()
	r, err := fsys.Open(name)
	check(t, err)
	defer r.Close()
	data := make([]byte, r.Size())
	check(t, readFull(r, data, 0))
	return data
}

// TestCopyIsTheSame: a sealed checkpoint stays what it is, byte for byte.
func TestCopyIsTheSame(t *testing.T) {
	disk, src := aSource(t)
	check(t, durable.WriteFile(disk, src+"/note", []byte("not its own")))
	for _, dst := range []string{"/backup/deep/chk-1", "/data/any name", "/new/" + testJob.String() + "/chk-1"} {
		done, err := Copy(disk, src, dst, copyOptions)
		check(t, err)
		rep := mustVerify(t, disk, dst, VerifyOptions{Job: &testJob, MustBeSealed: true})
		if !rep.Verified() || rep.Identity != done.Identity || rep.Files != 2 || done.Resealed || fmt.Sprint(done.Strangers) != "[note]" {
			t.Errorf("%s: %s; %+v", dst, rep.Verdict(), done)
		}
		for _, name := range names(t, disk, src) {
			if name != "note" && !bytes.Equal(content(t, disk, src+"/"+name), content(t, disk, dst+"/"+name)) {
				t.Errorf("%s/%s is another", dst, name)
			}
		}
	}
	// A job goes on from it, and never gives its id out again.
	s, c, err := start2(disk, "/new")
	check(t, err)
	if c.ID != 1 || s.Incarnation() != 2 {
		t.Errorf("recovered checkpoint %v, incarnation %v", c.ID, s.Incarnation())
	}
	if id := mustPublish(t, s, 1); id != 2 {
		t.Errorf("the next one is %v", id)
	}
}

func start2(fsys durable.FS, dir string) (*Store, *Checkpoint, error) {
	s, err := Open(fsys, dir, testJob, testOptions(1))
	if err != nil {
		return nil, nil, err
	}
	c, err := s.Recover(From{})
	return s, c, err
}

// TestCopyIsRefusedItsName: a rename that was turned down has done nothing, and nothing is
// left. One of which that is not known is told of.
func TestCopyIsRefusedItsName(t *testing.T) {
	for errno, refused := range map[syscall.Errno]bool{syscall.EXDEV: true, syscall.EACCES: true, syscall.ENOSPC: true, syscall.EIO: false} {
		disk, src := aSource(t)
		before := names(t, disk, "/data")
		_, err := Copy(faultfs.New(disk, faultfs.Rule{Ops: faultfs.Rename, K: 1, Err: errno}), src, "/data/copy", CopyOptions{})
		var unknown *UnknownCopyError
		if !errors.Is(err, errno) || errors.As(err, &unknown) == refused {
			t.Errorf("%v: got %v", errno, err)
		}
		if after := names(t, disk, "/data"); refused && !slices.Equal(after, before) {
			t.Errorf("%v: %v is left, before it was %v", errno, after, before)
		}
	}
}

// TestCopyGetsASeal: what has no seal gets one, under the right name.
func TestCopyGetsASeal(t *testing.T) {
	disk, src := aFlinkSource(t)
	derived := checkpoint.JobID{}
	for _, c := range []struct {
		dst  string
		want checkpoint.JobID
		inc  checkpoint.Incarnation
	}{
		{"/a/chk-7", checkpoint.JobID{}, 1},
		{"/b/x", checkpoint.JobID{}, 1},
		{"/c/" + otherJob.String() + "/chk-7", otherJob, 1},
		{"/c/" + otherJob.String() + "/by another name", otherJob, 2},
	} {
		done, err := Copy(disk, src, c.dst, copyOptions)
		check(t, err)
		rep := mustVerify(t, disk, c.dst, VerifyOptions{MustBeSealed: true})
		if !rep.Verified() || rep.Identity != done.Identity || !done.Resealed || rep.Files != 2 || rep.ID != 7 {
			t.Errorf("%s: %s; %+v", c.dst, rep.Verdict(), done)
		}
		if derived == (checkpoint.JobID{}) {
			derived = done.Identity.Job
		}
		want := c.want
		if want == (checkpoint.JobID{}) {
			want = derived
		}
		if done.Identity.Job != want || want == (checkpoint.JobID{}) || done.Identity.Incarnation != c.inc {
			t.Errorf("%s: it is %+v", c.dst, done.Identity)
		}
		if !bytes.HasPrefix(content(t, disk, c.dst+"/_metadata"), content(t, disk, src+"/_metadata")) {
			t.Errorf("%s: Flink's part is another", c.dst)
		}
		ck, err := ReadCheckpoint(disk, c.dst, ReadOptions{})
		check(t, err)
		if what := ck.Seal.Files[0].What; what != testOp.String() {
			t.Errorf("it says that it holds %q", what)
		}
	}
	// The job that it lies in is the job that it is of.
	check(t, disk.Mkdir("/data/"+otherJob.String()))
	check(t, writeUnsealed(disk, "/data/"+otherJob.String()+"/chk-9", 9))
	done, err := Copy(disk, "/data/"+otherJob.String()+"/chk-9", "/a/chk-9", copyOptions)
	check(t, err)
	if done.Identity.Job != otherJob {
		t.Errorf("it is of job %v", done.Identity.Job)
	}
}

// TestCopyRefuses: after a refusal the disk is as it was before, to the last name.
func TestCopyRefuses(t *testing.T) {
	for _, c := range []struct {
		name, dst string
		before    func(t *testing.T, disk *crashfs.FS, src string)
		want      string
	}{
		{"taken", "/data/taken", func(t *testing.T, d *crashfs.FS, _ string) { check(t, d.Mkdir("/data/taken")) }, "it exists, and nothing is replaced"},
		{"a file", "/data/taken", func(t *testing.T, d *crashfs.FS, _ string) {
			check(t, durable.WriteFile(d, "/data/taken", nil))
		}, "it exists, and nothing is replaced"},
		{"another number", "/new/chk-2", nil, "it is checkpoint 1 and cannot be called chk-2"},
		{"a name for a leftover", "/new/.trash-1", nil, "is a name for what is no checkpoint"},
		{"a name for staging", "/new/.inprogress-1.1", nil, "is a name for what is no checkpoint"},
		{"a name for shared state", "/new/shared", nil, "is a name for what is no checkpoint"},
		{"into a checkpoint", jobDir.Complete(1) + "/copy", nil, "is a checkpoint itself"},
		{"of another job", "/new/" + otherJob.String() + "/chk-1", nil, "is the directory of another job"},
		{"another copy at work", "/data/x", func(t *testing.T, d *crashfs.FS, _ string) {
			check(t, d.Mkdir("/data/.inprogress-1.1"))
		}, "another copy is writing it, or one was cut off"},
		{"a state file", "/new/deep/chk-1", func(t *testing.T, d *crashfs.FS, src string) {
			overwrite(t, d, src+"/state-2", flipBit(77))
		}, "is damaged: state-2 (test state, subtask 1), block 0"},
		{"a state file, into a job", "/new/" + testJob.String() + "/chk-1", func(t *testing.T, d *crashfs.FS, src string) {
			overwrite(t, d, src+"/state-2", flipBit(77))
		}, "it was not copied"},
		{"missing", "/new/chk-1", func(t *testing.T, d *crashfs.FS, src string) { check(t, d.Remove(src+"/state-1")) }, "state-1 (test state, subtask 0): is missing"},
		{"metadata", "/new/chk-1", func(t *testing.T, d *crashfs.FS, src string) {
			overwrite(t, d, src+"/_metadata", flipBit(777))
		}, "checksum is"},
		{"in the wrong place", "/new/chk-1", func(t *testing.T, d *crashfs.FS, src string) {
			check(t, d.Rename(src, jobDir.Complete(3)))
			check(t, d.Mkdir(src))
		}, "is no checkpoint"},
	} {
		t.Run(c.name, func(t *testing.T) {
			disk, src := aSource(t)
			if c.before != nil {
				c.before(t, disk, src)
			}
			before := strings.Join(tree(t, disk, "/"), "\n")
			_, err := Copy(disk, src, c.dst, copyOptions)
			wantText(t, err, c.want)
			if after := strings.Join(tree(t, disk, "/"), "\n"); after != before {
				t.Errorf("before\n%s\nafter\n%s", before, after)
			}
		})
	}
	t.Run("misplaced", func(t *testing.T) {
		disk, src := aSource(t)
		check(t, disk.Rename(src, jobDir.Complete(3)))
		_, err := Copy(disk, jobDir.Complete(3), "/new/x", copyOptions)
		wantText(t, err, "lies where checkpoint 3 should be")
	})
	t.Run("outside", func(t *testing.T) {
		for _, h := range []flink.StreamHandle{
			&flink.FileHandle{Path: "file:/data/shared/x", Length: 3},
			&flink.SegmentHandle{Path: "file:/data/taskowned/x", Start: 1, Length: 3, LogicalID: "x"},
		} {
			disk := newDisk(t)
			check(t, writeUnsealed(disk, "/data/sp", 7, h))
			_, err := Copy(disk, "/data/sp", "/new", copyOptions)
			var outside *OutsideError
			if !errors.As(err, &outside) {
				t.Error(err)
			}
		}
		disk := newDisk(t)
		check(t, writeUnsealed(disk, "/data/sp", 7, &flink.RelativeHandle{Path: "../x", Length: 1}))
		_, err := Copy(disk, "/data/sp", "/new", copyOptions)
		wantText(t, err, "it is not followed")
	})
}

// TestCopyAndTheJob: while a job runs nothing is put into its directory, and the other
// way round; what a copy that was cut off has left there goes with the next start.
func TestCopyAndTheJob(t *testing.T) {
	disk, src := aSource(t)
	s, _, err := start2(disk, "/new")
	check(t, err)
	for _, name := range []string{"chk-1", "any name"} {
		_, err = Copy(disk, src, "/new/"+testJob.String()+"/"+name, copyOptions)
		var locked *LockedError
		if !errors.As(err, &locked) || locked.Owner != "host a, process 1, started at noon" {
			t.Errorf("got %v", err)
		}
	}
	check(t, s.Close())
	owned := &intruder{FS: disk}
	owned.at = func() {
		_, _, err := start2(disk, "/new")
		wantText(t, err, "names a copier, incarnation 2)")
	}
	_, err = Copy(owned, src, "/new/"+testJob.String()+"/chk-1", copyOptions)
	check(t, err)
	if owned.times == 0 {
		t.Error("there was no attempt to start the job")
	}
}

// An intruder does something each time that a directory is synced.
type intruder struct {
	durable.FS
	at    func()
	times int
}

func (i *intruder) SyncDir(name string) error {
	if checkpoint.ParseName(path.Base(name)).Kind == checkpoint.Staging {
		i.times++
		i.at()
	}
	return i.FS.SyncDir(name)
}

// TestCopyReadsBack: a disk that keeps other bytes than it was given is found out before
// the copy gets its name.
func TestCopyReadsBack(t *testing.T) {
	disk, src := aSource(t)
	_, err := Copy(&intruder{FS: disk, at: func() {
		dir := "/data/.inprogress-1.1"
		overwrite(t, disk, dir+"/state-1", flipBit(5))
	}}, src, "/data/copy", copyOptions)
	wantText(t, err, "does not come back as it was written", "suspect the disk")
	if _, err := disk.Stat("/data/copy"); !errors.Is(err, fs.ErrNotExist) {
		t.Error("it was given its name all the same")
	}
}

// TestCopyGolden pins the order of a copy's operations.
func TestCopyGolden(t *testing.T) {
	root := filepath.ToSlash(t.TempDir())
	check(t, os.Mkdir(root+"/disk", 0o777))
	n := 0
	opts := testOptions(1)
	opts.newName = func() string { n++; return fmt.Sprintf("%d-uuid", n) }
	s, err := Open(durable.OS(), root+"/disk", testJob, opts)
	check(t, err)
	_, err = s.Recover(From{})
	check(t, err)
	mustPublish(t, s, 2)
	check(t, s.Close())
	var lines []string
	fsys := logfs.New(durable.OS(), func(line string) { lines = append(lines, line) },
		logfs.Root(root),
		logfs.Rename(func(name string) string { return strings.ReplaceAll(name, testJob.String(), "<job>") }))
	src := root + "/disk/" + testJob.String() + "/chk-1"
	_, err = Copy(fsys, src, root+"/disk/backup/copy", copyOptions)
	check(t, err)
	lines = append(lines, "# to a directory that is no job's: the copy is complete")
	_, err = Copy(fsys, src, root+"/disk/restored/"+testJob.String()+"/chk-1", copyOptions)
	check(t, err)
	lines = append(lines, "# to the directory of a job: the copy is complete")
	golden(t, "copy.txt", &lines)
}

// An early file system has a job run in a directory just before another process takes it.
type early struct {
	durable.FS
	job  func()
	fail error // of the sync of a staging directory
}

func (e *early) Lock(name string) (durable.LockFile, error) {
	if job := e.job; job != nil {
		e.job = nil
		job()
	}
	return e.FS.Lock(name)
}

func (e *early) SyncDir(name string) error {
	if checkpoint.ParseName(path.Base(name)).Kind == checkpoint.Staging {
		return e.fail
	}
	return e.FS.SyncDir(name)
}

// TestCopyLeavesALockFileOfOthers: a copy that fails removes the lock file that it has
// made, and not one that a job has made since it looked: the numbers in it are taken.
func TestCopyLeavesALockFileOfOthers(t *testing.T) {
	disk, src := aSource(t)
	_, err := Copy(&early{FS: disk, fail: errKilled, job: func() {
		s, _, err := start2(disk, "/new")
		check(t, err)
		p, err := s.Begin()
		check(t, err)
		check(t, errors.Join(p.Abort(), s.Close()))
	}}, src, "/new/"+testJob.String()+"/chk-1", copyOptions)
	if !errors.Is(err, errKilled) {
		t.Fatal(err)
	}
	s, _, err := start2(disk, "/new")
	check(t, err)
	p, err := s.Begin()
	check(t, err)
	if s.Incarnation() != 3 || p.ID() != 2 {
		t.Errorf("incarnation %v, checkpoint %v: after a job's and the copier's, and the job's first, they are the 3rd and the 2nd", s.Incarnation(), p.ID())
	}
}
