package crashfs

import (
	"errors"
	"io/fs"
	"path"
	"strconv"
	"syscall"

	"github.com/weirstream/weir/durable"
)

// This file is what programs do that do not use package durable: renames that replace, hard
// links, files that are overwritten and cut. The registers are the same, and so is what
// a power cut leaves of them.

// A PosixFile is open for writing at any offset. Write appends; Sync makes the bytes and
// the length durable, and not the name; Close makes nothing durable.
type PosixFile struct{ file }

// OpenFile opens a file that exists.
func (f *FS) OpenFile(name string) (*PosixFile, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	n, err := f.openNode(name)
	if err != nil {
		return nil, err
	}
	return &PosixFile{file{fs: f, node: n, name: name}}, nil
}

// CreateTemp makes a file without a name (O_TMPFILE); [FS.LinkFile] gives it one. label is
// what the trace calls it.
func (f *FS) CreateTemp(label string) *PosixFile {
	f.mu.Lock()
	defer f.mu.Unlock()
	n := f.newInode(false)
	n.handles++
	return &PosixFile{file{fs: f, node: n, name: label}}
}

// WriteAt writes b at off, over the bytes there or beyond them. It is durable after Sync.
func (p *PosixFile) WriteAt(b []byte, off int64) (int, error) {
	p.fs.mu.Lock()
	defer p.fs.mu.Unlock()
	switch {
	case p.closed:
		return 0, &fs.PathError{Op: "write", Path: p.name, Err: fs.ErrClosed}
	case off < 0:
		return 0, &fs.PathError{Op: "write", Path: p.name, Err: syscall.EINVAL}
	}
	p.fs.writeNode(p.node, p.name, b, off)
	return len(b), nil
}

// Truncate cuts the file, or makes it longer with zeros. The new length is durable after
// Sync; a cut before that leaves the old bytes, the new length, or what
// was written since.
func (p *PosixFile) Truncate(size int64) error {
	p.fs.mu.Lock()
	defer p.fs.mu.Unlock()
	n := p.node
	switch {
	case p.closed:
		return &fs.PathError{Op: "truncate", Path: p.name, Err: fs.ErrClosed}
	case size < 0:
		return &fs.PathError{Op: "truncate", Path: p.name, Err: syscall.EINVAL}
	case size > int64(len(n.data)):
		p.fs.writeNode(n, p.name, make([]byte, size-int64(len(n.data))), int64(len(n.data)))
		return nil
	}
	p.fs.begin("truncate %s to %s", full(p.name), strconv.FormatInt(size, 10))
	n.data = n.data[:size:size] // the next write must not change a slice that was handed out
	lo, hi := size, size
	if n.dirty {
		lo, hi = min(n.lo, size), min(n.hi, size)
	}
	n.dirty, n.lo, n.hi = true, lo, hi
	n.contents = nil
	return nil
}

// LinkFile gives an open file a name, one more or its first. The name is durable after
// SyncDir of its directory.
func (f *FS) LinkFile(p *PosixFile, name string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	dir, base, err := f.findParent("link", name, syscall.EEXIST)
	if err != nil {
		return err
	}
	if dir.live[base] != nil {
		return &fs.PathError{Op: "link", Path: name, Err: syscall.EEXIST}
	}
	f.begin("link %s", full(name))
	first := !f.root.names(p.node)
	f.change(&effect{what: f.trace[len(f.trace)-1], makes: first, dir: dir, child: p.node, sets: []set{{base, p.node}}})
	return nil
}

// Link gives a file one more name, durable after SyncDir of its directory.
func (f *FS) Link(oldname, newname string) error {
	p, err := f.OpenFile(oldname)
	if err != nil {
		return err
	}
	return errors.Join(f.LinkFile(p, newname), p.Close())
}

// Replace is rename(2): a file that has the new name loses it, and so does an empty
// directory. It is durable as [durable.FS] Rename is. Until then a cut leaves the old file
// as it was: it loses its name by the same effect, and not before.
func (f *FS) Replace(oldname, newname string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	from, oldbase, err := f.findParent("rename", oldname, syscall.EBUSY)
	if err != nil {
		return err
	}
	to, newbase, err := f.findParent("rename", newname, syscall.EBUSY)
	if err != nil {
		return err
	}
	n, replaced := from.live[oldbase], to.live[newbase]
	refuse := func(err error) error { return &fs.PathError{Op: "rename", Path: oldname, Err: err} }
	switch {
	case n == nil:
		return refuse(syscall.ENOENT)
	case n == replaced:
		return nil
	case n.contains(to):
		return refuse(syscall.EINVAL)
	case replaced != nil && replaced.dir && !n.dir:
		return refuse(syscall.EISDIR)
	case replaced != nil && !replaced.dir && n.dir:
		return refuse(syscall.ENOTDIR)
	case replaced != nil && replaced.dir && len(replaced.live) > 0:
		return refuse(syscall.ENOTEMPTY)
	}
	f.begin("rename %s -> %s", full(oldname), full(newname))
	f.move(n, from, oldbase, to, newbase)
	return nil
}

// Exchange swaps what two names refer to (RENAME_EXCHANGE): one effect within a directory,
// otherwise one in each.
func (f *FS) Exchange(a, b string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	dirA, baseA, err := f.findParent("exchange", a, syscall.EBUSY)
	if err != nil {
		return err
	}
	dirB, baseB, err := f.findParent("exchange", b, syscall.EBUSY)
	if err != nil {
		return err
	}
	n, m := dirA.live[baseA], dirB.live[baseB]
	switch {
	case n == nil:
		return &fs.PathError{Op: "exchange", Path: a, Err: syscall.ENOENT}
	case m == nil:
		return &fs.PathError{Op: "exchange", Path: b, Err: syscall.ENOENT}
	case n == m:
		return nil
	case n.contains(dirB) || m.contains(dirA):
		return &fs.PathError{Op: "exchange", Path: a, Err: syscall.EINVAL}
	}
	f.begin("exchange %s <-> %s", full(a), full(b))
	what := f.trace[len(f.trace)-1]
	if dirA == dirB {
		f.change(&effect{what: what, dir: dirA, child: n, sets: []set{{baseA, m}, {baseB, n}}})
		return nil
	}
	f.change(&effect{what: what + ", " + path.Base(full(a)), dir: dirA, child: m, sets: []set{{baseA, m}}})
	f.change(&effect{what: what + ", " + path.Base(full(b)), dir: dirB, child: n, sets: []set{{baseB, n}}})
	return nil
}

// names reports whether n has a name in d or below, in the live view.
func (d *inode) names(n *inode) bool {
	for _, c := range d.live {
		if c == n || c.dir && c.names(n) {
			return true
		}
	}
	return false
}

var _ durable.FS = (*FS)(nil)
