//go:build unix

package file

import (
	"os"
	"syscall"
	"testing"
)

func mkfifo(t *testing.T, path string) {
	t.Helper()
	must(t, syscall.Mkfifo(path, 0o666))
}

// lower calls f with as many descriptors as the process has open now. release raises the
// limit again.
func lower(t *testing.T, f func(release func())) {
	t.Helper()
	var old syscall.Rlimit
	must(t, syscall.Getrlimit(syscall.RLIMIT_NOFILE, &old))
	release := func() { syscall.Setrlimit(syscall.RLIMIT_NOFILE, &old) }
	defer release()
	probe, err := os.Open(os.DevNull)
	must(t, err)
	low := syscall.Rlimit{Cur: uint64(probe.Fd()) + 3, Max: old.Max}
	probe.Close()
	must(t, syscall.Setrlimit(syscall.RLIMIT_NOFILE, &low))
	f(release)
}
