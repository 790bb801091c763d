package durable

import (
	"os"
	"path/filepath"
	"syscall"
	"unsafe"
)

const dirsCanBeSynced = true

// RefusesToReplace tells whether the file system that the directory dir lies on can rename
// without replacing, in one step (RENAME_NOREPLACE), or whether [FS] Rename has to look
// first. It makes two files in dir and removes them.
func RefusesToReplace(dir string) Answer {
	if sysRenameat2 == 0 {
		return No
	}
	from, to := filepath.Join(dir, ".from"), filepath.Join(dir, ".to")
	for _, name := range []string{from, to} {
		f, err := os.OpenFile(name, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o666)
		if err != nil {
			return Unseen
		}
		defer os.Remove(name)
		f.Close()
	}
	switch errno := renameat2(from, to); errno {
	case syscall.EEXIST:
		return Yes
	case syscall.EINVAL, syscall.ENOSYS:
		return No
	default:
		return Unseen
	}
}

// Cached tells whether any part of a file is in the page cache.
func Cached(name string) Answer {
	f, err := openRegular(name, os.O_RDONLY)
	if err != nil {
		return Unseen
	}
	defer f.Close()
	fi, err := f.Stat()
	if err != nil || fi.Size() == 0 || fi.Size() > 1<<30 {
		return Unseen
	}
	mem, err := syscall.Mmap(int(f.Fd()), 0, int(fi.Size()), syscall.PROT_READ, syscall.MAP_SHARED)
	if err != nil {
		return Unseen
	}
	defer syscall.Munmap(mem)
	page := os.Getpagesize()
	resident := make([]byte, (len(mem)+page-1)/page)
	_, _, errno := syscall.Syscall(syscall.SYS_MINCORE,
		uintptr(unsafe.Pointer(&mem[0])), uintptr(len(mem)), uintptr(unsafe.Pointer(&resident[0])))
	if errno != 0 {
		return Unseen
	}
	for _, r := range resident {
		if r&1 != 0 {
			return Yes
		}
	}
	return No
}
