package faultfs

import (
	"io/fs"
	"sync"

	"github.com/weirstream/weir/durable"
)

// write carries out a write of p, or of as much of it as a rule lets through.
func (f *FS) write(name string, p []byte, effect func(p []byte) (int, error)) (int, error) {
	r, picked := f.pick(Write, name)
	if !picked {
		return effect(p)
	}
	p = r.Do.part(p)
	n := 0
	if r.Do != Fail {
		var err error
		if n, err = effect(p); err != nil || r.Do == Short {
			return n, err
		}
	}
	return n, &fs.PathError{Op: "write", Path: name, Err: r.Err}
}

// sync carries out a sync. If the file below has FailSync, as one of crashfs has, a sync that
// is made to fail is reported to it.
func (f *FS) sync(name string, below interface{ Sync() error }) error {
	r, picked := f.pick(Sync, name)
	if !picked {
		return below.Sync()
	}
	switch r.Do {
	case Drop:
		return nil
	case FailAfter:
		if err := below.Sync(); err != nil {
			return err
		}
	default:
		if b, ok := below.(interface{ FailSync() }); ok {
			b.FailSync()
		}
	}
	return &fs.PathError{Op: "sync", Path: name, Err: r.Err}
}

// faultyFile is a durable.File. Invariant: once dead is set, below is only closed.
type faultyFile struct {
	fs    *FS
	name  string
	below durable.File

	mu   sync.Mutex
	dead error
}

func (w *faultyFile) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.dead != nil {
		return 0, w.dead
	}
	n, err := w.fs.write(w.name, p, w.below.Write)
	w.dead = err
	return n, err
}

func (w *faultyFile) Sync() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.dead == nil {
		w.dead = w.fs.sync(w.name, w.below)
	}
	return w.dead
}

func (w *faultyFile) Close() error { return w.fs.close(w, w.name, w.below.Close) }

// close always closes the file below: a descriptor is released even if close fails.
func (f *FS) close(handle any, name string, effect func() error) error {
	r, picked := f.pick(Close, name)
	err := effect()
	f.closed(handle)
	if !picked || err != nil {
		return err
	}
	return &fs.PathError{Op: "close", Path: name, Err: r.Err}
}

type faultyLock struct {
	durable.LockFile
	fs   *FS
	name string

	mu   sync.Mutex
	dead error
}

func (w *faultyLock) ReadAt(p []byte, off int64) (int, error) {
	return w.fs.read(w.name, p, off, w.LockFile.ReadAt)
}

func (w *faultyLock) WriteAt(p []byte, off int64) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.dead != nil {
		return 0, w.dead
	}
	n, err := w.fs.write(w.name, p, func(p []byte) (int, error) { return w.LockFile.WriteAt(p, off) })
	w.dead = err
	return n, err
}

func (w *faultyLock) Sync() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.dead == nil {
		w.dead = w.fs.sync(w.name, w.LockFile)
	}
	return w.dead
}

func (w *faultyLock) Close() error { return w.fs.close(w, w.name, w.LockFile.Close) }

type faultyReader struct {
	durable.Reader
	fs   *FS
	name string
}

func (r *faultyReader) ReadAt(p []byte, off int64) (int, error) {
	return r.fs.read(r.name, p, off, r.Reader.ReadAt)
}

// Close of a reader is not an operation that a rule can pick.
func (r *faultyReader) Close() error {
	r.fs.closed(r)
	return r.Reader.Close()
}

// read carries out a ReadAt, or half of one.
func (f *FS) read(name string, p []byte, off int64, effect func([]byte, int64) (int, error)) (int, error) {
	r, picked := f.pick(Read, name)
	if !picked {
		return effect(p, off)
	}
	n := 0
	if r.Do == FailPartly || r.Do == Short {
		var err error
		if n, err = effect(r.Do.part(p), off); err != nil || r.Do == Short {
			return n, err
		}
	}
	return n, &fs.PathError{Op: "read", Path: name, Err: r.Err}
}
