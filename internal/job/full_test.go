package job

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/weirstream/weir/durable/faultfs"
	"github.com/weirstream/weir/durable/probe"
	"github.com/weirstream/weir/internal/flow"
)

func TestFullOf(t *testing.T) {
	at := func(path string, err error) error {
		return fmt.Errorf("operator out: %w", &fs.PathError{Op: "write", Path: path, Err: err})
	}
	for _, test := range []struct {
		err  error
		want full
		ok   bool
	}{
		{at("/out/.part-1", syscall.ENOSPC), full{dir: "/out"}, true},
		{at("/out/.part-1", syscall.EDQUOT), full{dir: "/out", quota: true}, true},
		{at("out", syscall.ENOSPC), full{dir: "."}, true},
		{at("/data/job/.inprogress-7", syscall.ENOSPC), full{dir: "/data/job"}, true},             // to be made
		{at("/data/job/.inprogress-7.2/_metadata", syscall.ENOSPC), full{dir: "/data/job"}, true}, // in it
		{errors.Join(at("/out/.part-1", syscall.ENOSPC), errors.New("close")), full{dir: "/out"}, true},
		{fmt.Errorf("write to the database: %w", syscall.ENOSPC), full{}, true},
		{at("/out/.part-1", syscall.EIO), full{}, false},
		{errors.New("no space left on device"), full{}, false}, // words prove nothing
		{nil, full{}, false},
	} {
		if f, ok := fullOf(test.err); f != test.want || ok != test.ok {
			t.Errorf("%v: %+v %t, want %+v %t", test.err, f, ok, test.want, test.ok)
		}
	}
}

// TestFullSaysWhatWasSeen: a message says only what the error and the numbers say.
func TestFullSaysWhatWasSeen(t *testing.T) {
	for _, test := range []struct {
		full
		says, remedy string
	}{
		{full{}, "no space left on a file system that the error does not name", "free space"},
		{full{dir: "/out"}, "no space left in /out", "free space"},
		{full{dir: "/out", quota: true, space: &probe.Space{TotalBytes: 1 << 30, FreeBytes: 1 << 30, TotalInodes: 9}},
			"the quota is used up in /out", "free space or raise the quota"},
		{full{dir: "/out", space: &probe.Space{TotalBytes: 1 << 30, FreeBytes: 4 << 10}},
			"no space left in /out (4.0 KiB of 1.0 GiB are free now)", "free space"},
		{full{dir: "/out", space: &probe.Space{TotalBytes: 1 << 30, FreeBytes: 1 << 20, FreeInodes: 3, TotalInodes: 1000}},
			"no space left in /out (1.0 MiB of 1.0 GiB and 3 of 1000 inodes are free now)", "free space"},
		{full{dir: "/out", space: &probe.Space{TotalBytes: 1 << 30, FreeBytes: 1 << 29, TotalInodes: 1000}},
			"no inodes left in /out (512.0 MiB of 1.0 GiB and 0 of 1000 inodes are free now)", "delete files: each file takes an inode"},
	} {
		if got := test.String(); got != test.says || test.remedy != test.full.remedy() {
			t.Errorf("%+v: says %q, %q; want %q, %q", test.full, got, test.full.remedy(), test.says, test.remedy)
		}
	}
}

func TestTellFull(t *testing.T) {
	dir := t.TempDir()
	full := fmt.Errorf("aborted: %w", &fs.PathError{Op: "write", Path: filepath.Join(dir, "f"), Err: syscall.ENOSPC})
	gone := fmt.Errorf("aborted: %w", &fs.PathError{Op: "write", Path: filepath.Join(dir, "gone", "f"), Err: syscall.ENOSPC})
	seen, _ := lookAtFull(full)
	for _, test := range []struct {
		err  error
		says string
	}{
		{TellFull(full, 7), seen.String() + "; checkpoint 7 is complete, and the next start goes on from it; free space and start again: aborted: write "},
		{TellFull(full, 0), seen.String() + "; this run has completed no checkpoint; free space and start again: "},
		{TellFull(gone, 0), "no space left in " + filepath.Join(dir, "gone") + "; this run"},
		{TellFull(syscall.ENOSPC, 7), "no space left on a file system that the error does not name; checkpoint 7 is complete"},
	} {
		if !strings.HasPrefix(withoutRoom(test.err.Error()), withoutRoom(test.says)) || !errors.Is(test.err, syscall.ENOSPC) {
			t.Errorf("got %v, want %s", test.err, test.says)
		}
	}
	if seen.space == nil {
		t.Log("the free space cannot be found out here")
	}
	if TellFull(nil, 7) != nil || TellFull(ErrStopped, 7) != ErrStopped {
		t.Error("TellFull has changed an error that is not that of a full disk")
	}
}

// withoutRoom replaces the free space in a message: other processes change it meanwhile.
func withoutRoom(text string) string {
	return regexp.MustCompile(`\([^)]* are free now\)`).ReplaceAllString(text, "(…)")
}

// TestWhatNoRetryHealsEndsTheJob: on a file system that has become read-only, the first
// checkpoint that fails ends the job, wherever it fails. The job is not started over.
func TestWhatNoRetryHealsEndsTheJob(t *testing.T) {
	for what, rule := range map[string]faultfs.Rule{
		"begin":        {Ops: faultfs.Mkdir, Name: ".inprogress-*", K: 1},
		"state file":   {Ops: faultfs.Create, Name: "????????-*", K: 1},
		"metadata":     {Ops: faultfs.Create, Name: "_metadata", K: 1},
		"rename":       {Ops: faultfs.Rename, Name: "chk-*", K: 1},
		"last sync":    {Ops: faultfs.SyncDir, Name: benchJob.String(), K: 4},
		"at a restart": {Ops: faultfs.SyncDir, Name: benchJob.String(), K: 5},
	} {
		for _, errno := range []syscall.Errno{syscall.EROFS, syscall.EACCES} {
			t.Run(fmt.Sprintf("%s/%v", what, errno), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					b := newBench(t)
					b.restart = Restart{Initial: time.Second, Max: time.Minute, Limit: 10}
					rule.Sticky, rule.Err = true, errno
					fail, attempts := never, 1
					if what == "at a restart" { // the first four syncs belong to the start and to a checkpoint
						failed := false
						attempts, fail = 2, func(n int64) error {
							if failed || n < 600 {
								return nil
							}
							failed = true
							return errBoom
						}
					}
					began := time.Now()
					err := b.run(faultfs.New(b.disk, rule), fail)
					if !errors.Is(err, errno) || !flow.IsPermanent(err) {
						t.Errorf("got %v, want a permanent %v", err, errno)
					}
					if took := time.Since(began); took > 65*time.Second || // the first checkpoint comes after 50 s
						strings.Count(b.said.String(), "starting over") != attempts-1 {
						t.Errorf("it took %v and was started over:\n%s", took, &b.said)
					}
				})
			})
		}
	}
}
