//go:build linux || darwin || freebsd

package probe

import (
	"io/fs"
	"math"

	"golang.org/x/sys/unix"
)

// SpaceOf measures how much room there is on the file system of the directory dir.
func SpaceOf(dir string) (Space, error) {
	var st unix.Statfs_t
	if err := unix.Statfs(dir, &st); err != nil {
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

// toInt64 turns what is out of range into 0. Some file systems count nothing and report
// the highest number there is.
func toInt64(n uint64) int64 {
	if n > math.MaxInt64 {
		return 0
	}
	return int64(n)
}
