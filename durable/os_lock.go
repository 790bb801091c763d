package durable

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"sync"
)

// maxLockAttempts bounds how often Lock begins anew because the file was replaced
// meanwhile.
const maxLockAttempts = 16

// Lock uses a lock that belongs to the open file, not to the process: flock on Unix,
// LockFileEx on Windows. So a second Lock in the same process is refused too, and a
// process that ends, in whatever way, leaves no lock.
func (osFS) Lock(name string) (LockFile, error) { return lockWith(openRegular, name) }

// lockWith locks the file that open opens.
func lockWith(open func(name string, flag int) (*os.File, error), name string) (LockFile, error) {
	for range maxLockAttempts {
		f, err := open(name, os.O_RDWR|os.O_CREATE)
		if err != nil {
			return nil, err
		}
		switch err := lockFile(f); {
		case errors.Is(err, ErrLocked):
			err = &fs.PathError{Op: "lock", Path: name, Err: ErrLocked}
			return &osLock{f: f, dead: err}, err
		case err != nil:
			f.Close()
			return nil, &fs.PathError{Op: "lock", Path: name, Err: err}
		}
		// Between open and lock another process may have removed the file, or put another
		// in its place. A lock on a file that has lost its name excludes no one.
		same, err := isStill(f, name)
		if err != nil {
			f.Close()
			return nil, err
		}
		if same {
			l := &osLock{f: f}
			held.Store(l, nil)
			return l, nil
		}
		f.Close()
	}
	return nil, &fs.PathError{Op: "lock", Path: name,
		Err: fmt.Errorf("the file was replaced %d times while it was being locked", maxLockAttempts)}
}

// isStill reports whether name refers to the open file f.
func isStill(f *os.File, name string) (bool, error) {
	open, err := f.Stat()
	if err != nil {
		return false, err
	}
	named, err := os.Lstat(name)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	return os.SameFile(open, named), nil
}

// held keeps locks from the garbage collector until they are closed. It would close the
// file of a lock that is no longer referred to, and so release the lock silently.
var held sync.Map

// osLock is a LockFile. If another process holds the lock it is dead from the beginning.
type osLock struct {
	mu   sync.Mutex
	f    *os.File
	dead error
}

func (o *osLock) ReadAt(p []byte, off int64) (int, error) { return o.f.ReadAt(p, off) }

func (o *osLock) WriteAt(p []byte, off int64) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.dead != nil {
		return 0, o.dead
	}
	n, err := o.f.WriteAt(p, off)
	o.dead = err
	return n, err
}

func (o *osLock) Size() (int64, error) {
	fi, err := o.f.Stat()
	if err != nil {
		return 0, err
	}
	return fi.Size(), nil
}

func (o *osLock) Sync() error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.dead == nil {
		o.dead = o.f.Sync()
	}
	return o.dead
}

func (o *osLock) Close() error {
	held.Delete(o)
	return o.f.Close()
}
