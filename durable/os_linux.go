package durable

import (
	"os"
	"runtime"
	"syscall"
	"unsafe"
)

const (
	atFDCWD             = ^uintptr(99) // -100: names are relative to the working directory
	renameNoReplaceFlag = 1            // RENAME_NOREPLACE
)

// renameNoReplace refuses in the kernel, in one step with the rename. Where that is
// not to be had (EINVAL from the file system, ENOSYS from the kernel, an architecture
// whose system call number is not known here) it looks first, which is weaker.
func renameNoReplace(oldname, newname string) error {
	if sysRenameat2 == 0 {
		return lookThenRename(oldname, newname)
	}
	switch errno := renameat2(oldname, newname); errno {
	case 0:
		return nil
	case syscall.EINVAL, syscall.ENOSYS:
		return lookThenRename(oldname, newname)
	default:
		return renameError(oldname, newname, errno)
	}
}

// renameat2 renames and is told not to replace. A name with a zero byte in it is EINVAL.
func renameat2(oldname, newname string) syscall.Errno {
	from, err1 := syscall.BytePtrFromString(oldname)
	to, err2 := syscall.BytePtrFromString(newname)
	if err1 != nil || err2 != nil {
		return syscall.EINVAL
	}
	for {
		_, _, errno := syscall.Syscall6(sysRenameat2,
			atFDCWD, uintptr(unsafe.Pointer(from)), atFDCWD, uintptr(unsafe.Pointer(to)), renameNoReplaceFlag, 0)
		if errno != syscall.EINTR {
			return errno
		}
	}
}

// evict drops the clean pages of the whole file (offset 0, length 0) from the page
// cache. Pages that are dirty stay: what is to be evicted is synced first. After a
// failed fsync the pages are clean, so evicting shows what the disk really holds.
func evict(f *os.File) error {
	if sysFadvise == 0 {
		return nil
	}
	rc, err := f.SyscallConn()
	if err != nil {
		return err
	}
	var errno syscall.Errno
	err = rc.Control(func(fd uintptr) {
		switch runtime.GOARCH {
		case "386": // offset and length take two words each
			_, _, errno = syscall.Syscall6(sysFadvise, fd, 0, 0, 0, 0, fadvDontNeed)
		case "arm": // the advice comes second
			_, _, errno = syscall.Syscall6(sysFadvise, fd, fadvDontNeed, 0, 0, 0, 0)
		default:
			_, _, errno = syscall.Syscall6(sysFadvise, fd, 0, 0, fadvDontNeed, 0, 0)
		}
	})
	switch {
	case err != nil:
		return err
	case errno == 0, errno == syscall.EINVAL, errno == syscall.ENOSYS, errno == syscall.EOPNOTSUPP:
		return nil // a file system without such a call ignores the request
	}
	return errno
}
