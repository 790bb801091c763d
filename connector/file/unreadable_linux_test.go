package file

import (
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
)

// asOther calls f as another user, who may not read what only root may.
func asOther(t *testing.T, f func()) {
	t.Helper()
	if os.Geteuid() != 0 {
		f()
		return
	}
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	must(t, syscall.Setfsuid(12345))
	defer syscall.Setfsuid(0)
	f()
}

// A file that may not be read is left out with a warning, and read when it may be.
func TestUnreadableFile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, opts := range [][]Option{nil, {Follow()}} {
			dir, err := os.MkdirTemp("", "weir")
			must(t, err)
			defer os.RemoveAll(dir)
			must(t, os.Chmod(dir, 0o777))
			d := drive(t, dir, opts...)
			d.write("a", "1\n")
			d.write("secret", "2\n")
			must(t, os.Chmod(d.path("secret"), 0))
			log := loggedBy(t, func() { asOther(t, func() { d.run(70) }) })
			d.want("1")
			if n := strings.Count(log, "may not be read and is left out"); n < 1 || n > 2 || opts != nil && !strings.Contains(log, "times=") {
				t.Errorf("it is said %d times in 70 s: %s", n, log)
			}
			must(t, os.Chmod(d.path("secret"), 0o644))
			if opts == nil {
				d.restart(d.checkpoint())
			}
			asOther(t, func() { d.run(2) })
			d.want("1", "2")
			must(t, os.Chmod(dir, 0))
			asOther(t, func() { err = d.plan() })
			if err == nil || !strings.Contains(err.Error(), filepath.Base(dir)) {
				t.Errorf("a folder that may not be read: %v", err)
			}
		}
	})
}
