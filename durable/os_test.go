package durable

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

// The files of OS are dead after the first error of the system itself, too. The system
// is made to fail by descriptors that cannot do what they are asked for.

func TestOSFileIsDeadAfterAnError(t *testing.T) {
	name := filepath.Join(t.TempDir(), "f")
	good, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	defer good.Close()
	readOnly, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer readOnly.Close()
	pr, pipe, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer pr.Close()
	defer pipe.Close()

	type file interface {
		write(p []byte) error
		Sync() error
		heal()
	}
	for _, c := range []struct {
		name string
		file file
		fail func(f file) error
	}{
		{"write", &testFile{osFile{f: readOnly}, good}, func(f file) error { return f.write([]byte("x")) }},
		{"sync", &testFile{osFile{f: pipe}, good}, file.Sync},
		{"lock write", &testLock{osLock{f: readOnly}, good}, func(f file) error { return f.write([]byte("x")) }},
		{"lock sync", &testLock{osLock{f: pipe}, good}, file.Sync},
	} {
		t.Run(c.name, func(t *testing.T) {
			first := c.fail(c.file)
			if first == nil {
				t.Skip("there is no error here")
			}
			c.file.heal() // the disk is well again; the file is not
			if err := c.file.write([]byte("x")); err != first {
				t.Errorf("write: %v, want %v", err, first)
			}
			if err := c.file.Sync(); err != first {
				t.Errorf("sync: %v, want %v", err, first)
			}
			if fi, err := good.Stat(); err != nil || fi.Size() != 0 {
				t.Errorf("something was written: %v, %v", fi.Size(), err)
			}
		})
	}
}

type testFile struct {
	osFile
	good *os.File
}

func (f *testFile) write(p []byte) error { _, err := f.Write(p); return err }
func (f *testFile) heal()                { f.f = f.good }

type testLock struct {
	osLock
	good *os.File
}

func (l *testLock) write(p []byte) error { _, err := l.WriteAt(p, 0); return err }
func (l *testLock) heal()                { l.f = l.good }

// TestLookThenRename: the last way of Rename refuses what is there, in the words of all.
func TestLookThenRename(t *testing.T) {
	dir := t.TempDir()
	a, b := filepath.Join(dir, "a"), filepath.Join(dir, "b")
	for _, name := range []string{a, b} {
		if err := os.WriteFile(name, []byte(filepath.Base(name)), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	var pe *fs.PathError
	if err := lookThenRename(a, b); !errors.Is(err, fs.ErrExist) || !errors.As(err, &pe) {
		t.Errorf("got %v, want that it exists", err)
	}
	if err := lookThenRename(a, filepath.Join(dir, "missing", "a")); !errors.Is(err, fs.ErrNotExist) || !errors.As(err, &pe) {
		t.Errorf("got %v, want that it does not exist", err)
	}
	if err := lookThenRename(filepath.Join(dir, "missing"), filepath.Join(dir, "c")); !errors.Is(err, fs.ErrNotExist) || !errors.As(err, &pe) {
		t.Errorf("got %v, want that it does not exist", err)
	}
	if err := lookThenRename(a, filepath.Join(dir, "c")); err != nil {
		t.Error(err)
	}
	if data, err := os.ReadFile(b); err != nil || string(data) != "b" {
		t.Errorf("%q, %v", data, err)
	}
	if err := lookThenRename("nul\x00", b+"2"); !errors.Is(err, syscall.EINVAL) {
		t.Errorf("got %v, want EINVAL", err)
	}
}
