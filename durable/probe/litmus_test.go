package probe_test

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"github.com/weirstream/weir/durable"
	"github.com/weirstream/weir/durable/crashfs"
	"github.com/weirstream/weir/durable/faultfs"
	"github.com/weirstream/weir/durable/probe"
)

// TestLitmus: every trial holds on file systems that keep the contract of FS.
func TestLitmus(t *testing.T) {
	disk := crashfs.New(crashfs.Strict)
	if err := disk.Mkdir("/d"); err != nil {
		t.Fatal(err)
	}
	for name, trials := range map[string][]probe.Trial{
		"os":      probe.Litmus(durable.OS(), filepath.ToSlash(t.TempDir())),
		"crashfs": probe.Litmus(disk, "/d"),
	} {
		if len(trials) != 7 {
			t.Errorf("%s: %d trials", name, len(trials))
		}
		for _, r := range trials {
			t.Logf("%s: %s: %v %s", name, r.Name, r.Outcome, r.Detail)
			if r.Outcome == probe.Failed {
				t.Errorf("%s: it failed that %s", name, r.Name)
			}
		}
	}
}

// TestLitmusFails: a file system that breaks one promise fails at least the trial of it.
func TestLitmusFails(t *testing.T) {
	below := durable.OS()
	for _, c := range []struct {
		fsys durable.FS
		want string // the trial, and why it failed
	}{
		{laxCreate{below}, "create refuses a name that is taken: a file was created in place of one"},
		{laxRename{below}, "rename refuses to replace: "},
		{laxLock{below}, "a lock excludes a second owner: two owners had the lock"},
		{deafRemove{below}, "what was removed is gone: a removed directory is still there"},
		{changedWrites{below}, "a file can be synced: \"synced\" was written, and \"Synced\" is read back"},
		{faultfs.New(below, faultfs.Rule{Ops: faultfs.Sync, K: 1, Sticky: true, Err: syscall.EIO}), "a file can be synced: sync file: "},
		{faultfs.New(below, faultfs.Rule{Ops: faultfs.SyncDir, K: 1, Sticky: true, Err: syscall.EINVAL}), "a directory can be synced: "},
		{faultfs.New(below, faultfs.Rule{Ops: faultfs.Lock, K: 1, Sticky: true, Err: syscall.ENOLCK}), "a lock excludes a second owner: "},
		{faultfs.New(below, faultfs.Rule{Ops: faultfs.Mkdir, Name: "trial-5", K: 1, Err: syscall.EIO}), "the page cache can be emptied: "},
		{deafEvict{below}, "the page cache can be emptied: evict"},
	} {
		failed := ""
		for _, r := range probe.Litmus(c.fsys, filepath.ToSlash(t.TempDir())) {
			if r.Outcome == probe.Failed {
				failed += r.Name + ": " + r.Detail + "\n"
			}
		}
		if !strings.Contains(failed, c.want) {
			t.Errorf("failed:\n%swant %s", failed, c.want)
		}
	}
}

type (
	laxCreate     struct{ durable.FS }
	laxRename     struct{ durable.FS }
	laxLock       struct{ durable.FS }
	deafRemove    struct{ durable.FS }
	deafEvict     struct{ durable.FS }
	changedWrites struct{ durable.FS }
)

func (f laxCreate) Create(name string) (durable.File, error) {
	_ = f.FS.Remove(name)
	return f.FS.Create(name)
}

func (f laxRename) Rename(oldname, newname string) error { return os.Rename(oldname, newname) }

func (f laxLock) Lock(name string) (durable.LockFile, error) {
	l, err := f.FS.Lock(name)
	if errors.Is(err, durable.ErrLocked) {
		err = nil
	}
	return l, err
}

func (f deafRemove) Remove(string) error { return nil }

type unevictable struct{ durable.Reader }

func (unevictable) Evict() error { return errors.New("evict: no") }

func (f deafEvict) Open(name string) (durable.Reader, error) {
	r, err := f.FS.Open(name)
	return unevictable{r}, err
}

type changedFile struct{ durable.File }

func (f changedFile) Write(p []byte) (int, error) {
	return f.File.Write([]byte(strings.Replace(string(p), "s", "S", 1)))
}

func (f changedWrites) Create(name string) (durable.File, error) {
	w, err := f.FS.Create(name)
	return changedFile{w}, err
}

// TestCached: what was just written is in the page cache, and a missing file is not seen.
func TestCached(t *testing.T) {
	name := filepath.Join(t.TempDir(), "a")
	if err := durable.WriteFile(durable.OS(), name, make([]byte, 64<<10)); err != nil {
		t.Fatal(err)
	}
	if got := probe.Cached(name); runtime.GOOS == "linux" && got != probe.Yes {
		t.Errorf("just written: %v", got)
	}
	if got := probe.Cached(name + "-missing"); got != probe.Unseen {
		t.Errorf("missing: %v", got)
	}
}

func TestSpaceOf(t *testing.T) {
	s, err := probe.SpaceOf(t.TempDir())
	if errors.Is(err, errors.ErrUnsupported) {
		t.Skip(err)
	}
	if err != nil || s.TotalBytes <= 0 || s.FreeBytes < 0 || s.FreeBytes > s.TotalBytes || s.FreeInodes > s.TotalInodes {
		t.Errorf("%+v, %v", s, err)
	}
	if _, err := probe.SpaceOf(filepath.Join(t.TempDir(), "missing")); err == nil {
		t.Error("no error for what is not there")
	}
}
