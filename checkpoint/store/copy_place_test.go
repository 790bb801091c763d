package store

import (
	"strings"
	"testing"

	"github.com/weirstream/weir/durable"
	"github.com/weirstream/weir/durable/crashfs"
)

// aSourceWithoutLock is aSource in a directory that is named by its job and has no lock
// file, as one that was made with cp.
func aSourceWithoutLock(t testing.TB) (disk *crashfs.FS, src string) {
	t.Helper()
	disk, src = aSource(t)
	check(t, disk.Remove(jobDir.Lock()))
	disk.Settle()
	return disk, src
}

// TestCopyBeforeTheFirstStart: a directory that is named by a job's id is that job's
// before its first start, too. A start meanwhile is refused, and does not sweep away what
// is being copied.
func TestCopyBeforeTheFirstStart(t *testing.T) {
	for _, c := range []struct {
		name, dst, base string
		found           bool // the job finds a checkpoint afterwards
	}{
		{"a new one", "/new/" + testJob.String() + "/chk-1", "/new", true},
		{"a new one, by another name", "/new/" + testJob.String() + "/monday", "/new", false},
		{"one with checkpoints", jobDir.Join("monday"), base, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			disk, src := aSourceWithoutLock(t)
			meanwhile := &intruder{FS: disk, at: func() {
				_, _, err := start2(disk, c.base)
				wantText(t, err, "names a copier, incarnation ")
			}}
			_, err := Copy(meanwhile, src, c.dst, copyOptions)
			check(t, err)
			if meanwhile.times == 0 {
				t.Error("there was no attempt to start the job")
			}
			if rep := mustVerify(t, disk, c.dst, VerifyOptions{MustBeSealed: true}); !rep.Verified() {
				t.Error(rep.Verdict())
			}
			_, found, err := start2(disk, c.base)
			check(t, err)
			if (found != nil) != c.found {
				t.Errorf("the job finds %v", found)
			}
		})
	}
}

// TestCopyIntoFlinks: the lock file would say of Flink's checkpoints that they are Weir's,
// also of those that are still to come, and without it no process that starts there can be held
// off.
func TestCopyIntoFlinks(t *testing.T) {
	dir := base + "/" + otherJob.String()
	for _, c := range []struct {
		has  string
		make func(fsys durable.FS) error
	}{
		{"chk-6 has no seal", func(fsys durable.FS) error { return writeUnsealed(fsys, dir+"/chk-6", 6) }},
		{"chk-6 has no seal", func(fsys durable.FS) error { return fsys.Mkdir(dir + "/chk-6") }}, // Flink has begun it
		{"it has taskowned", func(fsys durable.FS) error { return fsys.Mkdir(dir + "/taskowned") }},
		{"it has shared", func(fsys durable.FS) error { return fsys.Mkdir(dir + "/shared") }},
	} {
		for _, name := range []string{"chk-7", "monday"} {
			disk, src := aFlinkSource(t)
			check(t, disk.Mkdir(dir))
			check(t, c.make(disk))
			before := strings.Join(tree(t, disk, "/"), "\n")
			_, err := Copy(disk, src, dir+"/"+name, copyOptions)
			wantText(t, err, "named by a job's id", c.has, "copy to another directory")
			if after := strings.Join(tree(t, disk, "/"), "\n"); after != before {
				t.Errorf("before\n%s\nafter\n%s", before, after)
			}
		}
	}
}
