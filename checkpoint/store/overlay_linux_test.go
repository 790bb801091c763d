package store

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/weirstream/weir/checkpoint"
	"github.com/weirstream/weir/durable"
)

const overlayVar = "STORE_TEST_OVERLAY"

// TestOnARealOverlay retains, prunes and goes back on an overlay of the kernel's whose
// lower layer holds checkpoints from before. It needs root, and runs again as a process
// with mounts of its own.
func TestOnARealOverlay(t *testing.T) {
	if root := os.Getenv(overlayVar); root != "" {
		onARealOverlay(t, root)
		return
	}
	if os.Geteuid() != 0 {
		t.Skip("not root")
	}
	c := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestOnARealOverlay$", "-test.v")
	c.Env = append(os.Environ(), overlayVar+"="+filepath.ToSlash(t.TempDir()))
	c.SysProcAttr = &syscall.SysProcAttr{Unshareflags: syscall.CLONE_NEWNS, Pdeathsig: syscall.SIGKILL}
	out, err := c.CombinedOutput()
	t.Logf("%s", out)
	if errors.Is(err, syscall.EPERM) {
		t.Skip("no mounts here: ", err)
	}
	check(t, err)
}

func onARealOverlay(t *testing.T, root string) {
	for _, dir := range []string{"low", "up", "work", "merged"} {
		check(t, os.Mkdir(root+"/"+dir, 0o777))
	}
	fsys := durable.OS()
	open := func(base string, opts Options, from From) (*Store, *Checkpoint) {
		s, err := Open(fsys, base, testJob, opts)
		check(t, err)
		c, err := s.Recover(from)
		check(t, err)
		return s, c
	}
	s, _ := open(root+"/low", testOptions(5), From{})
	for range 5 {
		mustPublish(t, s, 1)
	}
	check(t, s.Close())
	err := syscall.Mount("overlay", root+"/merged", "overlay", 0,
		fmt.Sprintf("lowerdir=%s/low,upperdir=%s/up,workdir=%s/work", root, root, root))
	if err != nil {
		t.Skip("no overlay here: ", err)
	}
	defer syscall.Unmount(root+"/merged", 0)

	base := root + "/merged"
	dir := base + "/" + testJob.String()
	wantThere := func(want string) {
		t.Helper()
		if have := strings.Join(names(t, fsys, dir), " "); have != want {
			t.Errorf("there are %s, want %s", have, want)
		}
	}
	if err := os.Rename(dir+"/chk-1", dir+"/x"); !errors.Is(err, syscall.EXDEV) {
		t.Fatalf("a directory of the lower layer was renamed (%v): this tests nothing", err)
	}
	check(t, rewrite(fsys, checkpoint.FileIn(dir+"/chk-5", "state-5"), flipBit(77)))
	s, c := open(base, testOptions(3), From{AllowFallback: true})
	if c.ID != 4 || !slices.Equal(c.WentBack, []checkpoint.ID{5}) {
		t.Errorf("restored %v, having gone back from %v", c.ID, c.WentBack)
	}
	wantThere(".damaged-5 .lock chk-2 chk-3 chk-4 chk-5")
	mustPublish(t, s, 1)
	if deleted, err := s.Subsume(); err != nil || !slices.Equal(deleted, []checkpoint.ID{2}) {
		t.Errorf("deleted %v, %v", deleted, err)
	}
	check(t, s.Close())
	p, err := OpenPruning(fsys, dir, "test")
	check(t, err)
	check(t, errors.Join(p.Delete(3), p.Close()))
	s, c = open(base, testOptions(2), From{})
	if c.ID != 6 {
		t.Errorf("restored %v", c.ID)
	}
	wantThere(".damaged-5 .lock chk-4 chk-5 chk-6")
	check(t, s.Close())
}
