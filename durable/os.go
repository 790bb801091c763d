package durable

import (
	"errors"
	"io/fs"
	"os"
	"sync"
)

// OS is the file system of the machine.
//
// It asks for as much as the system can give and adds nothing: whether what it asks for
// survives a power cut depends on the file system below (package durable/probe looks at
// that) and on a disk that does not lie about its cache.
//
//   - Linux: everything in the contract of [FS], by fsync on files and directories and
//     renameat2 with RENAME_NOREPLACE. A directory without a sync of its own is synced
//     with its whole file system (syncfs).
//   - macOS: Sync is F_FULLFSYNC, which reaches past the drive's cache. Where the file
//     system does not know it, as over SMB, it is a plain fsync, which does not. Rename
//     is renamex_np with RENAME_EXCL.
//   - Other Unix systems: fsync; Rename takes the steps below.
//   - Windows: files are synced (FlushFileBuffers) and Rename is written through, but
//     directories cannot be synced: SyncDir returns nil and promises nothing. Names
//     survive the end of the process and may be lost in a power cut.
//
// Where kernel, file system or sandbox have no rename that refuses to replace, Rename
// takes steps. A file gets its new name as a second one, which is refused if it is taken;
// then that name is synced, and then the old name is removed. If process or machine end
// in between the file has both names. A directory is renamed after a look at the new
// name; a directory that another process makes there in between is replaced if it is
// empty, and refused if it is not. [MeansIn] says which way it is.
func OS() FS { return osFS{} }

type osFS struct{}

func (osFS) String() string { return "os" }

func (osFS) Create(name string) (File, error) {
	f, err := os.OpenFile(name, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o666)
	if err != nil {
		return nil, err
	}
	return &osFile{f: f}, nil
}

func (osFS) Open(name string) (Reader, error) {
	f, err := openRegular(name, os.O_RDONLY)
	if err != nil {
		return nil, err
	}
	fi, err := f.Stat()
	if err != nil {
		f.Close()
		return nil, err
	}
	return &osReader{File: f, size: fi.Size()}, nil
}

func (osFS) Mkdir(name string) error { return os.Mkdir(name, 0o777) }

func (osFS) Rename(oldname, newname string) error { return renameNoReplace(oldname, newname) }

func (osFS) Remove(name string) error { return os.Remove(name) }

func (osFS) ReadDir(name string) ([]Entry, error) {
	des, err := os.ReadDir(name)
	if err != nil {
		return nil, err
	}
	entries := make([]Entry, 0, len(des))
	for _, de := range des {
		fi, err := de.Info()
		if errors.Is(err, fs.ErrNotExist) {
			continue // removed since it was listed
		}
		if err != nil {
			return nil, err
		}
		entries = append(entries, entryOf(fi))
	}
	return entries, nil
}

func (osFS) Stat(name string) (Entry, error) {
	fi, err := os.Lstat(name)
	if err != nil {
		return Entry{}, err
	}
	return entryOf(fi), nil
}

func (osFS) SyncDir(name string) error { return syncDir(name) }

func entryOf(fi fs.FileInfo) Entry {
	e := Entry{
		Name:        fi.Name(),
		Dir:         fi.IsDir(),
		Regular:     fi.Mode().IsRegular(),
		ModTimeUnix: fi.ModTime().Unix(),
	}
	if e.Regular {
		e.Size = fi.Size()
	}
	return e
}

var (
	errNotRegular   = errors.New("not a regular file")
	errNotDirectory = errors.New("exists and is not a directory")
)

// openRegular opens a regular file and nothing else: no symbolic link to one, and no pipe,
// for whose other end it would wait.
func openRegular(name string, flag int) (*os.File, error) {
	if noFollow == 0 {
		if fi, err := os.Lstat(name); err == nil && !fi.Mode().IsRegular() {
			return nil, &fs.PathError{Op: "open", Path: name, Err: errNotRegular}
		}
	}
	f, err := os.OpenFile(name, flag|noFollow, 0o666)
	if err != nil {
		return nil, err
	}
	fi, err := f.Stat()
	if err != nil {
		f.Close()
		return nil, err
	}
	if !fi.Mode().IsRegular() {
		f.Close()
		return nil, &fs.PathError{Op: "open", Path: name, Err: errNotRegular}
	}
	return f, nil
}

// osFile is a File. Invariant: once dead is set, f is only closed.
type osFile struct {
	mu      sync.Mutex
	f       *os.File
	dead    error // the first error of Write or Sync
	written int64 // bytes
	started int64 // of these, for how many the write-out was started
}

// writeOutBytes is how much of a file is written before the system is asked to begin to
// write it to the disk, so that Sync finds most of a large file there. It makes nothing
// durable. An error of the disk is for Sync to report, as the kernel notes it for the next
// sync. An error of the request itself may be noted nowhere (if ext4 finds no blocks for
// bytes that it has taken it drops them): that one is final at once.
const writeOutBytes = 8 << 20

func (o *osFile) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.dead != nil {
		return 0, o.dead
	}
	n, err := o.f.Write(p) // repeats after a short write and after EINTR
	o.dead = err
	if o.written += int64(n); o.written-o.started >= writeOutBytes {
		if serr := startWriteOut(o.f, o.started, o.written-o.started); err == nil && serr != nil {
			err = &fs.PathError{Op: "write out", Path: o.f.Name(), Err: serr}
			o.dead = err
		}
		o.started = o.written
	}
	return n, err
}

func (o *osFile) Sync() error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.dead == nil {
		o.dead = o.f.Sync()
	}
	return o.dead
}

func (o *osFile) Close() error { return o.f.Close() }

type osReader struct {
	*os.File
	size int64
}

func (r *osReader) Size() int64 { return r.size }

func (r *osReader) Evict() error {
	if err := evict(r.File); err != nil {
		return &fs.PathError{Op: "evict", Path: r.Name(), Err: err}
	}
	return nil
}
