//go:build unix && !linux && !darwin

package durable

import (
	"os"
	"syscall"
)

// renameRefusing is not supported: there is no such call here.
func renameRefusing(oldname, newname string) error { return syscall.ENOSYS }

// syncFileSystem is not supported: there is no such call here.
func syncFileSystem(*os.File) error { return syscall.ENOSYS }

// evict does nothing: there is no such call here. A file that is verified right after it
// was written may be verified against the cache.
func evict(*os.File) error { return nil }

// startWriteOut does nothing: there is no such call here.
func startWriteOut(*os.File, int64, int64) error { return nil }
