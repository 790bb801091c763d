package durable

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"weak"
)

func mustLock(t *testing.T, name string) *osLock {
	t.Helper()
	l, err := OS().Lock(name)
	if errors.Is(err, errors.ErrUnsupported) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	return l.(*osLock)
}

// wantLocked: the lock is refused now.
func wantLocked(t *testing.T, name string) {
	t.Helper()
	l, err := OS().Lock(name)
	if !errors.Is(err, ErrLocked) {
		t.Errorf("got %v, want that it is locked", err)
	}
	if l != nil {
		l.Close()
	}
}

// TestLockOutlivesItsReferences: the garbage collector closes files that are not referred
// to any more, and must not end a lock that way; one that is closed it may have.
func TestLockOutlivesItsReferences(t *testing.T) {
	name := filepath.Join(t.TempDir(), ".lock")
	lock := func() weak.Pointer[osLock] { return weak.Make(mustLock(t, name)) }()
	runtime.GC()
	if lock.Value() == nil {
		t.Fatal("the garbage collector has released a lock that was not closed")
	}
	wantLocked(t, name)
	if err := lock.Value().Close(); err != nil {
		t.Error(err)
	}
	runtime.GC()
	if lock.Value() != nil {
		t.Error("a lock that was closed is kept")
	}
	if err := mustLock(t, name).Close(); err != nil {
		t.Error(err)
	}
}

// TestLockOfAFileThatIsReplaced: the owner of the lock removes the file, or puts another in
// its place. A process that had opened it before then gets the lock of a file without a
// name, which excludes no later one; Lock must notice and begin anew, but not endlessly.
func TestLockOfAFileThatIsReplaced(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("a file that is open is not removed there")
	}
	for what, replace := range map[string]func(name string) error{
		"removed": os.Remove,
		"replaced": func(name string) error {
			if err := os.WriteFile(name+".new", nil, 0o666); err != nil {
				return err
			}
			return os.Rename(name+".new", name)
		},
	} {
		for _, times := range []int{0, 1, maxLockAttempts - 1, maxLockAttempts} {
			name := filepath.Join(t.TempDir(), ".lock")
			var opened []*os.File
			open := func(name string, flag int) (*os.File, error) {
				f, err := openRegular(name, flag)
				if err == nil && len(opened) < times {
					err = replace(name)
				}
				opened = append(opened, f)
				return f, err
			}
			l, err := lockWith(open, name)
			switch {
			case errors.Is(err, errors.ErrUnsupported):
				t.Skip(err)
			case times == maxLockAttempts:
				if err == nil {
					t.Errorf("%s each time: it was locked", what)
					l.Close()
				}
			case err != nil:
				t.Errorf("%s %d times: %v", what, times, err)
			default:
				wantLocked(t, name)
				if err := l.Close(); err != nil {
					t.Error(err)
				}
				if n := len(opened); n != times+1 {
					t.Errorf("%s %d times: the file was opened %d times", what, times, n)
				}
			}
			for i, f := range opened {
				if err := f.Close(); !errors.Is(err, os.ErrClosed) {
					t.Errorf("%s %d times: file %d was left open", what, times, i+1)
				}
			}
		}
	}
}
