package durable

import (
	"os"
	"syscall"
	"unsafe"
)

// noFollow has no counterpart here; openRegular looks first.
const noFollow = 0

var (
	kernel32    = syscall.NewLazyDLL("kernel32.dll")
	moveFileExW = kernel32.NewProc("MoveFileExW")
	lockFileEx  = kernel32.NewProc("LockFileEx")
)

// syncDir does nothing. Windows documents no way to make the entries of a directory
// durable: a handle opened for reading cannot be flushed, and it is not documented what
// flushing one opened for writing does. So a name that was synced here survives the end
// of the process and may be lost in a power cut.
func syncDir(name string) error {
	fi, err := os.Stat(name)
	if err == nil && !fi.IsDir() {
		err = &os.PathError{Op: "sync", Path: name, Err: syscall.ENOTDIR}
	}
	return err
}

const moveFileWriteThrough = 0x8

// renameNoReplace asks for the move to be on the disk when the call returns, and leaves out
// MOVEFILE_REPLACE_EXISTING, so that a name that is taken is refused.
func renameNoReplace(oldname, newname string) error {
	from, err := syscall.UTF16PtrFromString(oldname)
	if err != nil {
		return renameError(oldname, newname, err)
	}
	to, err := syscall.UTF16PtrFromString(newname)
	if err != nil {
		return renameError(oldname, newname, err)
	}
	ok, _, err := moveFileExW.Call(
		uintptr(unsafe.Pointer(from)), uintptr(unsafe.Pointer(to)), moveFileWriteThrough)
	if ok == 0 {
		return renameError(oldname, newname, err)
	}
	return nil
}

// evict does nothing: there is no such call here.
func evict(*os.File) error { return nil }

// startWriteOut does nothing: there is no such call here.
func startWriteOut(*os.File, int64, int64) error { return nil }

const (
	lockfileExclusive       = 0x2
	lockfileFailImmediately = 0x1
	errorLockViolation      = syscall.Errno(33)
	errorIOPending          = syscall.Errno(997)

	// The locked byte lies far beyond the content: other processes cannot read a locked
	// byte, and the content names the owner.
	lockOffsetHigh = 0x7fffffff
)

func lockFile(f *os.File) error {
	rc, err := f.SyscallConn()
	if err != nil {
		return err
	}
	var lerr error
	err = rc.Control(func(fd uintptr) {
		ol := syscall.Overlapped{OffsetHigh: lockOffsetHigh}
		ok, _, errno := lockFileEx.Call(fd, lockfileExclusive|lockfileFailImmediately, 0, 1, 0,
			uintptr(unsafe.Pointer(&ol)))
		if ok == 0 {
			lerr = errno
		}
	})
	if err != nil {
		return err
	}
	if lerr == errorLockViolation || lerr == errorIOPending {
		return ErrLocked
	}
	return lerr
}
