package store

import (
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/weirstream/weir/checkpoint"
	"github.com/weirstream/weir/durable"
)

// A lock is the lock file while this store holds it.
type lock struct {
	file durable.LockFile
	// current is the slot that was last made durable, -1 for none. It is never written:
	// the next write goes to another one.
	current int
	content slot
	isNew   bool // it was empty when the lock was taken
}

// takeLock takes the lock of a job's directory and reads what its last owner has left in
// it. If the lock is taken the error is a *LockedError. If it cannot be read it is held all
// the same, and returned with the error.
func takeLock(fsys durable.FS, dir checkpoint.JobDir) (*lock, error) {
	f, err := fsys.Lock(dir.Lock())
	if err != nil && !errors.Is(err, durable.ErrLocked) {
		return nil, fmt.Errorf("take the lock of the job's directory: %w", err)
	}
	l := &lock{file: f, current: -1}
	if err != nil {
		locked := &LockedError{Dir: string(dir), Err: err}
		if f != nil {
			if size, err := f.Size(); err == nil && l.read(f, size) == nil && l.current >= 0 {
				locked.Owner, locked.Incarnation = l.content.owner, l.content.incarnation
			}
			_ = f.Close() // the lock is another process's, and nothing was written
		}
		return nil, locked
	}
	size, err := f.Size()
	if err != nil {
		return l, fmt.Errorf("look at the lock file: %w", err)
	}
	if l.isNew = size == 0; l.isNew {
		return l, nil
	}
	// A process that was killed between a write and its sync has left a slot that is in
	// the cache and not on the disk. To take that for current would be to write over the
	// one that is on the disk.
	if err := f.Sync(); err != nil {
		return l, fmt.Errorf("sync the lock file, to make what is in it durable: %w", err)
	}
	if err := l.readFromDisk(fsys, dir.Lock()); err != nil {
		return l, fmt.Errorf("read the lock file: %w", err)
	}
	return l, nil
}

// readFromDisk reads past the page cache: after a failed sync the cache shows a slot that
// never got to the disk, and to believe it would be to write over the only one that did.
func (l *lock) readFromDisk(fsys durable.FS, name string) error {
	r, err := openEvicted(fsys, name)
	if err != nil {
		return err
	}
	defer r.Close()
	return l.read(r, r.Size())
}

// read finds the newest slot that is whole.
func (l *lock) read(r io.ReaderAt, size int64) error {
	b := make([]byte, slotBytes)
	for i := range slots {
		if size < int64(i+1)*slotBytes {
			break
		}
		if err := readFull(r, b, int64(i)*slotBytes); err != nil {
			return err
		}
		s, ok := decodeSlot(b)
		if ok && (l.current < 0 || s.newerThan(l.content)) {
			l.current, l.content = i, s
		}
	}
	return nil
}

// write makes s the content of the lock file. It is durable on return, if the name of
// the file is.
func (l *lock) write(s slot) error {
	next := (l.current + 1) % slots
	n, err := l.file.WriteAt(s.encode(), int64(next)*slotBytes)
	if err == nil && n < slotBytes {
		err = io.ErrShortWrite
	}
	if err != nil {
		return fmt.Errorf("write the lock file: %w", err)
	}
	if err := l.file.Sync(); err != nil {
		return fmt.Errorf("sync the lock file: %w", err)
	}
	l.current, l.content = next, s
	return nil
}

func (l *lock) close() error { return l.file.Close() }

// ProcessName names this process for Options.Owner, as "process 17 on host".
func ProcessName() string {
	host, err := os.Hostname()
	if err != nil {
		host = "an unnamed host"
	}
	return fmt.Sprintf("process %d on %s", os.Getpid(), host)
}

// A LockedError says that another job manager owns the job's directory.
type LockedError struct {
	Dir string
	// Owner and Incarnation are those of the last process that has written to the lock
	// file: the owner, or the one before if the owner has only just taken the lock. Owner
	// is empty if nothing could be read.
	Owner       string
	Incarnation checkpoint.Incarnation
	Err         error
}

func (e *LockedError) Error() string {
	owner := "the lock file does not name it"
	if e.Owner != "" {
		owner = fmt.Sprintf("the lock file names %s, incarnation %v", e.Owner, e.Incarnation)
	}
	return fmt.Sprintf("%s is in use by another process (%s): one job is run by one process at a time; "+
		"stop that one first, its end frees the directory", e.Dir, owner)
}

func (e *LockedError) Unwrap() error { return e.Err }

// cut shortens s to n bytes, between two characters.
func cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && s[n]&0xC0 == 0x80 {
		n--
	}
	return s[:n]
}
