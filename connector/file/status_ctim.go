//go:build aix || dragonfly || linux || openbsd || solaris

package file

import "syscall"

// changeTime is when anything of a file was changed last, in nanoseconds of Unix time.
func changeTime(st *syscall.Stat_t) int64 { return int64(st.Ctim.Sec)*1e9 + int64(st.Ctim.Nsec) }
