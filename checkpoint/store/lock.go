package store

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"

	"github.com/weirstream/weir/checkpoint"
	"github.com/weirstream/weir/durable"
)

// The lock file has two slots of 4 KiB, which are overwritten in place in turn. A
// power cut can tear the slot that is being written and leaves the other. All
// integers are big-endian.
//
//	8  "WEIRLOCK"
//	4  format version, 1
//	8  incarnation
//	8  highest checkpoint id that was seen when the slot was written
//	4  n
//	n  owner, UTF-8, for people
//	   zeros
//	8  lineage, at byte 4084; zero in slots of earlier versions
//	4  CRC32C of the 4092 bytes before
const (
	slotMagic   = "WEIRLOCK"
	slotVersion = 1
	slotBytes   = 4096
	slots       = 2

	slotHead      = 8 + 4 + 8 + 8 + 4
	slotTail      = 8 + 4
	maxOwnerBytes = slotBytes - slotHead - slotTail
)

// A slot is what one slot of the lock file says.
type slot struct {
	incarnation checkpoint.Incarnation
	highest     checkpoint.ID
	owner       string
	lineage     uint64 // 0: an earlier version has written the slot
}

func (s slot) encode() []byte {
	b := make([]byte, 0, slotBytes)
	b = append(b, slotMagic...)
	b = binary.BigEndian.AppendUint32(b, slotVersion)
	b = binary.BigEndian.AppendUint64(b, uint64(s.incarnation))
	b = binary.BigEndian.AppendUint64(b, uint64(s.highest))
	owner := cut(s.owner, maxOwnerBytes)
	b = binary.BigEndian.AppendUint32(b, uint32(len(owner)))
	b = append(b, owner...)
	b = binary.BigEndian.AppendUint64(b[:slotBytes-slotTail], s.lineage)
	return binary.BigEndian.AppendUint32(b, crc32.Checksum(b, castagnoli))
}

// decodeSlot reads a slot; one that is torn, empty or not a slot at all is not ok.
func decodeSlot(b []byte) (s slot, ok bool) {
	if len(b) != slotBytes || string(b[:8]) != slotMagic ||
		binary.BigEndian.Uint32(b[8:]) != slotVersion ||
		binary.BigEndian.Uint32(b[slotBytes-4:]) != crc32.Checksum(b[:slotBytes-4], castagnoli) {
		return slot{}, false
	}
	s.incarnation = checkpoint.Incarnation(binary.BigEndian.Uint64(b[12:]))
	s.highest = checkpoint.ID(binary.BigEndian.Uint64(b[20:]))
	s.lineage = binary.BigEndian.Uint64(b[slotBytes-slotTail:])
	n := binary.BigEndian.Uint32(b[28:])
	if s.incarnation < 1 || s.highest < 0 || n > maxOwnerBytes {
		return slot{}, false
	}
	s.owner = string(b[slotHead : slotHead+int(n)])
	return s, true
}

// A lock is the lock file while this store holds it.
type lock struct {
	file durable.LockFile
	// current is the slot that was last made durable, -1 for none. It is never written:
	// the next write goes to another one.
	current int
	content slot
	isNew   bool // nobody had written to it when the lock was taken
}

// takeLock takes the lock of a job's directory and reads what its last owner left. If
// somebody else has it the error is a *LockedError. If it cannot be read it is held all the
// same, and returned with the error.
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
			f.Close()
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
	// Who was killed between a write and its sync has left a slot that is in the cache and
	// not on the disk. Whoever took it for current would write over the one that is.
	if err := f.Sync(); err != nil {
		return l, fmt.Errorf("sync the lock file, to make what is in it durable: %w", err)
	}
	if err := l.readFromDisk(fsys, dir.Lock()); err != nil {
		return l, fmt.Errorf("read the lock file: %w", err)
	}
	return l, nil
}

// readFromDisk reads past the page cache: after a failed sync that shows a slot which
// never got to the disk, and whoever believed it would write over the only one that did.
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

func (s slot) newerThan(t slot) bool {
	if s.incarnation != t.incarnation {
		return s.incarnation > t.incarnation
	}
	return s.highest > t.highest
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
