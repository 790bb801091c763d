//go:build linux || darwin || freebsd

package durable

import (
	"io/fs"
	"math"
	"syscall"
)

// ProbeSpace tells how much room there is below the directory dir.
func ProbeSpace(dir string) (Space, error) {
	var st syscall.Statfs_t
	if err := syscall.Statfs(dir, &st); err != nil {
		return Space{}, &fs.PathError{Op: "statfs", Path: dir, Err: err}
	}
	block := uint64(st.Bsize)
	return Space{
		FreeBytes:   toInt64(uint64(st.Bavail) * block),
		TotalBytes:  toInt64(uint64(st.Blocks) * block),
		FreeInodes:  toInt64(uint64(st.Ffree)),
		TotalInodes: toInt64(uint64(st.Files)),
	}, nil
}

// toInt64 makes what cannot be, as of a file system that counts nothing, nothing.
func toInt64(n uint64) int64 {
	if n > math.MaxInt64 {
		return 0
	}
	return int64(n)
}
