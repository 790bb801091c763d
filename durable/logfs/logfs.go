// Package logfs writes down what is done to a file system: one line of text per
// operation that changes something or makes something durable. A golden file of such
// lines pins the order of creates, writes, syncs and renames in the repository, so
// that a missing sync shows up in review as a missing line.
//
// It may import durable and the standard library only.
package logfs

import (
	"errors"
	"fmt"
	"path"
	"strings"
	"sync"
	"syscall"

	"github.com/weirstream/weir/durable"
)

// An FS passes everything on to the file system below it and logs
//
//	create a/b                 mkdir a          rename a -> b
//	write a/b 120              remove a/b       sync-dir a
//	sync a/b                   lock .lock       write-at .lock 0 16
//	close a/b
//
// in the order in which the operations returned. The line of one that failed ends with the
// error in brackets. Reading is not logged.
type FS struct {
	below  durable.FS
	log    func(line string)
	root   string
	rename func(name string) string

	mu sync.Mutex // one line at a time
}

// An Option changes how names are written.
type Option func(*FS)

// Root makes names relative to dir; dir itself is ".". Names outside stay as they are.
func Root(dir string) Option { return func(f *FS) { f.root = path.Clean(dir) } }

// Rename passes every name, already relative to the root, through fn: to put
// "<uuid-1>" where a random name was, so that the log is the same every time. Calls
// of fn do not overlap.
func Rename(fn func(name string) string) Option { return func(f *FS) { f.rename = fn } }

// New wraps below. log is called with each line, without a newline; its calls do not
// overlap, and it must not use the file system itself.
func New(below durable.FS, log func(line string), options ...Option) *FS {
	f := &FS{below: below, log: log, root: ".", rename: func(name string) string { return name }}
	for _, o := range options {
		o(f)
	}
	return f
}

// Unwrap returns the file system below.
func (f *FS) Unwrap() durable.FS { return f.below }

// name is how a name is written. The caller holds mu.
func (f *FS) name(name string) string {
	name = path.Clean(name)
	switch {
	case name == f.root:
		name = "."
	case f.root == "/":
		name = strings.TrimPrefix(name, "/")
	default:
		name = strings.TrimPrefix(name, f.root+"/")
	}
	return f.rename(name)
}

// line logs one operation on one name; detail and err may be empty.
func (f *FS) line(op, name, detail string, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	s := op + " " + f.name(name)
	if detail != "" {
		s += " " + detail
	}
	f.log(s + suffix(err))
}

// suffix is the innermost error: the paths around it differ from run to run.
func suffix(err error) string {
	if err == nil {
		return ""
	}
	var errno syscall.Errno
	switch {
	case errors.As(err, &errno):
		return " [" + errno.Error() + "]"
	case errors.Is(err, durable.ErrLocked):
		return " [" + durable.ErrLocked.Error() + "]"
	}
	for {
		inner := errors.Unwrap(err)
		if inner == nil {
			return " [" + err.Error() + "]"
		}
		err = inner
	}
}

func (f *FS) Create(name string) (durable.File, error) {
	file, err := f.below.Create(name)
	f.line("create", name, "", err)
	if err != nil {
		return nil, err
	}
	return &loggedFile{fs: f, name: name, below: file}, nil
}

func (f *FS) Open(name string) (durable.Reader, error) { return f.below.Open(name) }

func (f *FS) Mkdir(name string) error {
	err := f.below.Mkdir(name)
	f.line("mkdir", name, "", err)
	return err
}

func (f *FS) Rename(oldname, newname string) error {
	err := f.below.Rename(oldname, newname)
	f.mu.Lock()
	defer f.mu.Unlock()
	f.log("rename " + f.name(oldname) + " -> " + f.name(newname) + suffix(err))
	return err
}

func (f *FS) Remove(name string) error {
	err := f.below.Remove(name)
	f.line("remove", name, "", err)
	return err
}

func (f *FS) ReadDir(name string) ([]durable.Entry, error) { return f.below.ReadDir(name) }

func (f *FS) Stat(name string) (durable.Entry, error) { return f.below.Stat(name) }

func (f *FS) SyncDir(name string) error {
	err := f.below.SyncDir(name)
	f.line("sync-dir", name, "", err)
	return err
}

func (f *FS) Lock(name string) (durable.LockFile, error) {
	file, err := f.below.Lock(name)
	f.line("lock", name, "", err)
	if file == nil {
		return nil, err
	}
	return &loggedLock{LockFile: file, fs: f, name: name}, err
}

type loggedFile struct {
	fs    *FS
	name  string
	below durable.File
}

func (l *loggedFile) Write(p []byte) (int, error) {
	n, err := l.below.Write(p)
	l.fs.line("write", l.name, fmt.Sprint(n), err)
	return n, err
}

func (l *loggedFile) Sync() error {
	err := l.below.Sync()
	l.fs.line("sync", l.name, "", err)
	return err
}

func (l *loggedFile) Close() error {
	err := l.below.Close()
	l.fs.line("close", l.name, "", err)
	return err
}

type loggedLock struct {
	durable.LockFile
	fs   *FS
	name string
}

func (l *loggedLock) WriteAt(p []byte, off int64) (int, error) {
	n, err := l.LockFile.WriteAt(p, off)
	l.fs.line("write-at", l.name, fmt.Sprint(off, n), err)
	return n, err
}

func (l *loggedLock) Sync() error {
	err := l.LockFile.Sync()
	l.fs.line("sync", l.name, "", err)
	return err
}

func (l *loggedLock) Close() error {
	err := l.LockFile.Close()
	l.fs.line("close", l.name, "", err)
	return err
}
