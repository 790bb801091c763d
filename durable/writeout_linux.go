//go:build linux && (386 || amd64 || arm64 || loong64 || riscv64 || s390x)

package durable

import (
	"os"
	"syscall"
)

const syncFileRangeWrite = 2 // SYNC_FILE_RANGE_WRITE: begin, and do not wait

// startWriteOut asks the system to begin to write a range of a file to the disk. It is
// a request: it waits for nothing, and makes nothing durable.
func startWriteOut(f *os.File, off, n int64) {
	rc, err := f.SyscallConn()
	if err != nil {
		return
	}
	_ = rc.Control(func(fd uintptr) { _ = syscall.SyncFileRange(int(fd), off, n, syncFileRangeWrite) })
}
