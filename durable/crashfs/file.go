package crashfs

import (
	"io"
	"io/fs"
	"syscall"

	"github.com/weirstream/weir/durable"
)

// writeNode and syncNode are what files and lock files share; the caller holds mu.

func (f *FS) writeNode(n *inode, name string, p []byte, off int64) {
	if len(p) == 0 {
		return
	}
	if !n.dirty {
		f.begin("write %s", full(name))
	}
	n.write(p, off)
}

func (f *FS) syncNode(n *inode, name string) {
	f.begin("sync %s", full(name))
	if f.ignored() {
		return
	}
	n.born = true
	if !n.spoiled {
		n.settle()
	}
	f.commit(n)
}

func (f *FS) readNode(n *inode, name string, p []byte, off int64) (int, error) {
	if off < 0 {
		return 0, &fs.PathError{Op: "read", Path: name, Err: syscall.EINVAL}
	}
	if off >= int64(len(n.data)) {
		if len(p) == 0 {
			return 0, nil
		}
		return 0, io.EOF
	}
	k := copy(p, n.data[off:])
	if k < len(p) {
		return k, io.EOF
	}
	return k, nil
}

type file struct {
	fs     *FS
	node   *inode
	name   string
	closed bool
}

func (w *file) Write(p []byte) (int, error) {
	w.fs.mu.Lock()
	defer w.fs.mu.Unlock()
	if w.closed {
		return 0, &fs.PathError{Op: "write", Path: w.name, Err: fs.ErrClosed}
	}
	w.fs.writeNode(w.node, w.name, p, int64(len(w.node.data)))
	return len(p), nil
}

func (w *file) Sync() error {
	w.fs.mu.Lock()
	defer w.fs.mu.Unlock()
	if w.closed {
		return &fs.PathError{Op: "sync", Path: w.name, Err: fs.ErrClosed}
	}
	w.fs.syncNode(w.node, w.name)
	return nil
}

func (w *file) Close() error { return w.fs.close(&w.closed, w.node, w.name) }

func (f *FS) close(closed *bool, n *inode, name string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if *closed {
		return &fs.PathError{Op: "close", Path: name, Err: fs.ErrClosed}
	}
	*closed = true
	n.handles--
	return nil
}

type reader struct {
	fs     *FS
	node   *inode
	name   string
	size   int64
	closed bool
}

func (r *reader) ReadAt(p []byte, off int64) (int, error) {
	r.fs.mu.Lock()
	defer r.fs.mu.Unlock()
	if r.closed {
		return 0, &fs.PathError{Op: "read", Path: r.name, Err: fs.ErrClosed}
	}
	return r.fs.readNode(r.node, r.name, p, off)
}

func (r *reader) Size() int64 { return r.size }

func (r *reader) Evict() error {
	r.fs.mu.Lock()
	defer r.fs.mu.Unlock()
	if r.closed {
		return &fs.PathError{Op: "evict", Path: r.name, Err: fs.ErrClosed}
	}
	r.fs.evictNode(r.node)
	return nil
}

func (r *reader) Close() error { return r.fs.close(&r.closed, r.node, r.name) }

// A lockFile whose node is locked by another one can only be read.
type lockFile struct {
	fs     *FS
	node   *inode
	name   string
	closed bool
}

// usable is why the file cannot be written, nil if it can; the caller holds mu.
func (l *lockFile) usable(op string) error {
	switch {
	case l.closed:
		return &fs.PathError{Op: op, Path: l.name, Err: fs.ErrClosed}
	case l.node.locked != l:
		return &fs.PathError{Op: op, Path: l.name, Err: durable.ErrLocked}
	}
	return nil
}

func (l *lockFile) ReadAt(p []byte, off int64) (int, error) {
	l.fs.mu.Lock()
	defer l.fs.mu.Unlock()
	if l.closed {
		return 0, &fs.PathError{Op: "read", Path: l.name, Err: fs.ErrClosed}
	}
	return l.fs.readNode(l.node, l.name, p, off)
}

func (l *lockFile) WriteAt(p []byte, off int64) (int, error) {
	l.fs.mu.Lock()
	defer l.fs.mu.Unlock()
	if err := l.usable("write"); err != nil {
		return 0, err
	}
	if off < 0 {
		return 0, &fs.PathError{Op: "write", Path: l.name, Err: syscall.EINVAL}
	}
	l.fs.writeNode(l.node, l.name, p, off)
	return len(p), nil
}

func (l *lockFile) Size() (int64, error) {
	l.fs.mu.Lock()
	defer l.fs.mu.Unlock()
	if l.closed {
		return 0, &fs.PathError{Op: "stat", Path: l.name, Err: fs.ErrClosed}
	}
	return int64(len(l.node.data)), nil
}

func (l *lockFile) Sync() error {
	l.fs.mu.Lock()
	defer l.fs.mu.Unlock()
	if err := l.usable("sync"); err != nil {
		return err
	}
	l.fs.syncNode(l.node, l.name)
	return nil
}

func (l *lockFile) Close() error {
	err := l.fs.close(&l.closed, l.node, l.name)
	l.fs.mu.Lock()
	defer l.fs.mu.Unlock()
	if l.node.locked == l {
		l.node.locked = nil
	}
	return err
}
