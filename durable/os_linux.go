package durable

import (
	"os"

	"golang.org/x/sys/unix"
)

// renameRefusing renames and has the kernel refuse, in the same step, to replace.
func renameRefusing(oldname, newname string) error {
	return unix.Renameat2(unix.AT_FDCWD, oldname, unix.AT_FDCWD, newname, unix.RENAME_NOREPLACE)
}

// syncFileSystem syncs the whole file system that d lies on. It is what is left where a
// directory has no sync of its own, and it is more than that.
func syncFileSystem(d *os.File) error {
	return onDescriptor(d, func(fd int) error { return unix.Syncfs(fd) })
}

// evict drops the clean pages of the whole file (offset 0, length 0) from the page
// cache. Dirty pages stay: a file is synced before it is evicted. After a failed fsync
// the pages are clean, so reading after evict shows what the disk really holds.
func evict(f *os.File) error {
	err := onDescriptor(f, func(fd int) error { return unix.Fadvise(fd, 0, 0, unix.FADV_DONTNEED) })
	if unsupported(err) {
		return nil // a file system without such a call ignores the request
	}
	return err
}

// startWriteOut asks the system to begin to write a range of a file to the disk. It is
// a request: it waits for nothing and makes nothing durable. Without the flags that wait
// it takes no error away from the next fsync. A system, file system or sandbox without
// the call ignores the request.
func startWriteOut(f *os.File, off, n int64) error {
	err := onDescriptor(f, func(fd int) error { return unix.SyncFileRange(fd, off, n, unix.SYNC_FILE_RANGE_WRITE) })
	if unsupported(err) {
		return nil
	}
	return err
}
