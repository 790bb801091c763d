package durable

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"unsafe"
)

// TestEvictEvicts asks the kernel which pages of a file are in its cache: after Evict not
// all of them are. Verifying past the cache depends on that.
func TestEvictEvicts(t *testing.T) {
	const size = 1 << 20
	name := filepath.ToSlash(filepath.Join(t.TempDir(), "f"))
	var st syscall.Statfs_t
	if err := syscall.Statfs(filepath.Dir(name), &st); err != nil {
		t.Fatal(err)
	}
	if kind := uint32(st.Type); kind == 0x01021994 || kind == 0x858458f6 { // tmpfs, ramfs: the cache is all there is
		t.Skip("the temporary directory is in memory")
	}
	if err := WriteFile(OS(), name, make([]byte, size)); err != nil {
		t.Fatal(err)
	}
	r, err := OS().Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	before := cachedPages(t, r.(*osReader).File, size)
	if err := r.Evict(); err != nil {
		t.Fatal(err)
	}
	if after := cachedPages(t, r.(*osReader).File, size); before == 0 || after >= before {
		t.Errorf("%d pages were in the cache before, %d are after", before, after)
	}
}

func cachedPages(t *testing.T, f *os.File, size int) (n int) {
	m, err := syscall.Mmap(int(f.Fd()), 0, size, syscall.PROT_READ, syscall.MAP_SHARED)
	if err != nil {
		t.Fatal(err)
	}
	defer syscall.Munmap(m)
	in := make([]byte, size/os.Getpagesize())
	if _, _, errno := syscall.Syscall(syscall.SYS_MINCORE, uintptr(unsafe.Pointer(&m[0])), uintptr(size), uintptr(unsafe.Pointer(&in[0]))); errno != 0 {
		t.Skip("mincore: ", errno)
	}
	for _, p := range in {
		n += int(p & 1)
	}
	return n
}
