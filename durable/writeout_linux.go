//go:build linux && (386 || amd64 || arm64 || loong64 || riscv64 || s390x)

package durable

import (
	"os"
	"syscall"
)

const syncFileRangeWrite = 2 // SYNC_FILE_RANGE_WRITE: begin, and do not wait

// startWriteOut asks the system to begin to write a range of a file to the disk. It is
// a request: it waits for nothing, and makes nothing durable. Without the flags that wait
// it takes no error away from the next fsync. That there is no such call (ENOSYS), or none
// for this process (EPERM, from a sandbox), is no error.
func startWriteOut(f *os.File, off, n int64) error {
	rc, err := f.SyscallConn()
	if err != nil {
		return err
	}
	var serr error
	err = rc.Control(func(fd uintptr) {
		for {
			if serr = syscall.SyncFileRange(int(fd), off, n, syncFileRangeWrite); serr != syscall.EINTR {
				return
			}
		}
	})
	if err == nil && serr != syscall.ENOSYS && serr != syscall.EPERM {
		err = serr
	}
	return err
}
