package probe

import (
	"os"
	"unsafe"

	"golang.org/x/sys/unix"
)

// maxCachedBytes bounds how much of a file is mapped to look for it in the page cache.
const maxCachedBytes = 1 << 30

// Cached finds out whether any part of a regular file is in the page cache.
func Cached(name string) Answer {
	f, err := os.OpenFile(name, os.O_RDONLY|unix.O_NOFOLLOW|unix.O_NONBLOCK, 0)
	if err != nil {
		return Unseen
	}
	defer f.Close()
	fi, err := f.Stat()
	if err != nil || !fi.Mode().IsRegular() || fi.Size() == 0 || fi.Size() > maxCachedBytes {
		return Unseen
	}
	mem, err := unix.Mmap(int(f.Fd()), 0, int(fi.Size()), unix.PROT_READ, unix.MAP_SHARED)
	if err != nil {
		return Unseen
	}
	defer unix.Munmap(mem)
	page := os.Getpagesize()
	resident := make([]byte, (len(mem)+page-1)/page)
	_, _, errno := unix.Syscall(unix.SYS_MINCORE,
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
