package crashfs

import "io/fs"

// Sync makes the bytes of a file durable through a descriptor that was opened for reading,
// as fsync does on Unix; see durable.SettleDir.
func (r *reader) Sync() error {
	r.fs.mu.Lock()
	defer r.fs.mu.Unlock()
	if r.closed {
		return &fs.PathError{Op: "sync", Path: r.name, Err: fs.ErrClosed}
	}
	r.fs.syncNode(r.node, r.name)
	return nil
}
