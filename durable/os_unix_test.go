//go:build unix && !solaris && !aix

package durable_test

import (
	"bufio"
	"errors"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/weirstream/weir/durable"
)

func TestOSFollowsNoLink(t *testing.T) {
	dir := t.TempDir()
	target, link := filepath.Join(dir, "target"), filepath.Join(dir, "link")
	if err := os.WriteFile(target, []byte("target"), 0o666); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(target, link); err != nil {
		t.Fatal(err)
	}
	fsys := durable.OS()
	if r, err := fsys.Open(link); err == nil {
		r.Close()
		t.Error("opened a symbolic link")
	}
	if l, err := fsys.Lock(link); err == nil {
		l.Close()
		t.Error("locked a symbolic link")
	}
	if f, err := fsys.Create(link); !errors.Is(err, fs.ErrExist) {
		t.Error("created through a symbolic link", f)
	}
	e, err := fsys.Stat(link)
	if err != nil || e.Regular || e.Dir || e.Size != 0 {
		t.Errorf("%+v, %v", e, err)
	}
	if err := durable.RemoveTree(fsys, link); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(target); err != nil {
		t.Errorf("what the link pointed to is gone: %v", err)
	}
}

// TestOSWaitsForNoPipe: opening a pipe without a writer would never return.
func TestOSWaitsForNoPipe(t *testing.T) {
	name := filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(name, 0o666); err != nil {
		t.Skip(err)
	}
	if r, err := durable.OS().Open(name); err == nil {
		r.Close()
		t.Error("opened a pipe")
	}
	if l, err := durable.OS().Lock(name); err == nil {
		l.Close()
		t.Error("locked a pipe")
	}
	if e, err := durable.OS().Stat(name); err != nil || e.Regular || e.Dir {
		t.Errorf("%+v, %v", e, err)
	}
}

const lockerVar = "DURABLE_TEST_LOCK"

// TestMain is the other process of TestLockEndsWithItsProcess, if it is told to be.
func TestMain(m *testing.M) {
	if name := os.Getenv(lockerVar); name != "" {
		l, err := durable.OS().Lock(name)
		if err != nil {
			os.Stdout.WriteString(err.Error() + "\n")
			os.Exit(1)
		}
		l.WriteAt([]byte("other process"), 0)
		os.Stdout.WriteString("locked\n")
		io.Copy(io.Discard, os.Stdin) // until it is killed
		l.Close()
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// TestLockEndsWithItsProcess: another process's lock excludes this one, names its owner,
// and is gone when that process is killed.
func TestLockEndsWithItsProcess(t *testing.T) {
	name := filepath.Join(t.TempDir(), ".lock")
	other := exec.Command(os.Args[0])
	other.Env = append(os.Environ(), lockerVar+"="+name)
	out, err := other.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	in, err := other.StdinPipe() // kept open: the other process waits for its end
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	if err := other.Start(); err != nil {
		t.Fatal(err)
	}
	defer other.Process.Kill()
	if line, err := bufio.NewReader(out).ReadString('\n'); line != "locked\n" {
		t.Fatalf("%q, %v", line, err)
	}

	l, err := durable.OS().Lock(name)
	if !errors.Is(err, durable.ErrLocked) {
		t.Fatalf("got %v, want that it is locked", err)
	}
	p := make([]byte, 13)
	if _, err := l.ReadAt(p, 0); err != nil || string(p) != "other process" {
		t.Errorf("%q, %v", p, err)
	}
	if err := l.Close(); err != nil {
		t.Error(err)
	}

	if err := other.Process.Signal(syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	other.Wait()
	l, err = durable.OS().Lock(name)
	if err != nil {
		t.Fatalf("the lock of a dead process: %v", err)
	}
	if err := l.Close(); err != nil {
		t.Error(err)
	}
}
