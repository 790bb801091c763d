// Package durable keeps bytes through a power cut.
//
// It is the only package of the project that calls fsync, and the only one that
// creates, renames or deletes what must survive. Everything above it says what
// should be durable; the complete dances, including the directory syncs that are
// easy to forget, live here once.
//
// A file and its name are two things. [File.Sync] makes the bytes of a file
// durable and says nothing about its name; [FS.SyncDir] makes the names in one
// directory durable and says nothing about the bytes they lead to, nor about the
// name of that directory in its own parent. Every doc comment says what is durable
// when the call has returned; what is not said is not promised.
//
// What an error means for what comes next is decided in errors.go: whether it proves
// that nothing was done ([Refused]), and whether a retry may help ([Heals]).
//
// The package knows nothing of checkpoints. It may import the standard library and
// golang.org/x/sys only.
package durable

import (
	"errors"
	"io"
)

// FS is a file system that is honest about what survives a power cut.
//
// Names are slash-separated paths, absolute or relative to the working directory.
// Errors are *fs.PathError or wrap one, so that errors.Is with fs.ErrExist,
// fs.ErrNotExist, syscall.ENOSPC and so on works, in every implementation.
//
// Implementations: [OS], the real one; crashfs.FS, which forgets what was not
// synced; and the wrappers logfs and faultfs. All methods may be called
// concurrently.
type FS interface {
	// Create makes a new, empty file for writing and fails with fs.ErrExist if the
	// name is taken (O_EXCL). Nothing is durable on return: the bytes become so by
	// File.Sync, the name by SyncDir of its directory.
	Create(name string) (File, error)

	// Open opens an existing file for reading.
	Open(name string) (Reader, error)

	// Mkdir makes one directory; its parent must exist. The new name is durable only
	// after SyncDir of the parent.
	Mkdir(name string) error

	// Rename moves a file or directory within one file system and refuses to replace:
	// fs.ErrExist if newname exists. It is atomic for other processes (but see [OS] on
	// systems without such a rename), and durable only after SyncDir of the directory of
	// newname (and, where it differs, of oldname's for the disappearance of the old name).
	// If Rename fails with an error that is [Refused] nothing was done. If it fails with
	// another one, or that SyncDir fails, the outcome is unknown until it is read back
	// after a new SyncDir.
	Rename(oldname, newname string) error

	// Remove deletes a file or an empty directory. It needs no sync where a deletion
	// that comes back is harmless; it is durable after SyncDir of the parent.
	Remove(name string) error

	// ReadDir lists a directory, sorted by name.
	ReadDir(name string) ([]Entry, error)

	// Stat is what a name refers to, without following a symbolic link at its end.
	Stat(name string) (Entry, error)

	// SyncDir makes the entries of a directory durable: every Create, Mkdir, Rename
	// and Remove in it that returned before. It does not make the bytes of the
	// children durable, nor the directory's own name in its parent.
	SyncDir(name string) error

	// Lock opens the file name, making it if it is missing, and takes an exclusive
	// lock on it that ends with the process or with LockFile.Close, whichever is
	// first. If the lock is taken the error wraps ErrLocked and the returned LockFile
	// is still readable (and must be closed), so that the caller can say who the owner
	// is; writing to it fails.
	Lock(name string) (LockFile, error)
}

// A File is a new file being written, once, from its beginning to its end.
//
// A failed sync is final. The kernel may have dropped the pages it could not write
// and report success next time, so after any error of Write or Sync the file is
// dead: every later Write and Sync returns that first error without touching the
// disk, and all that is left to do is to Close and Remove it and to begin anew under
// another name.
type File interface {
	io.Writer

	// Sync makes the bytes written so far and the file's length durable. The name is
	// not made durable.
	Sync() error

	// Close releases the descriptor. It flushes nothing and makes nothing durable; its
	// error counts, as some file systems report a failed write only here.
	Close() error
}

// A Reader reads a file that exists. It is safe for concurrent use.
type Reader interface {
	io.ReaderAt
	io.Closer

	// Size is the file's length in bytes when it was opened.
	Size() int64

	// Evict asks the system to forget cached pages of the file, so that what is read
	// next comes from the disk. It is a request: file systems without such a call
	// ignore it and return nil.
	Evict() error
}

// A LockFile is a small file, overwritten in place, that is locked while it is open.
type LockFile interface {
	io.ReaderAt
	io.WriterAt

	// Size is the file's length in bytes now.
	Size() (int64, error)

	// Sync makes everything written so far durable; the name is not.
	// As with File, a failed Write or Sync is final.
	Sync() error

	// Close releases the lock.
	Close() error
}

// An Entry is one name in a directory.
type Entry struct {
	Name string // the last element of the path
	Dir  bool   // a directory
	Size int64  // length in bytes, of a regular file only
	// ModTimeUnix is when the content last changed, in seconds since 1970, 0 where the
	// file system does not know. It is for people to see and decides nothing.
	ModTimeUnix int64
	// Regular is false for directories and for what is neither file nor directory:
	// symbolic links, devices, sockets. Such things are never followed or opened.
	Regular bool
}

// ErrLocked says that another process, or another part of this one, holds a lock.
var ErrLocked = errors.New("locked by another owner")
