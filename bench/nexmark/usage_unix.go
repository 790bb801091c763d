//go:build unix

package main

import (
	"runtime"
	"syscall"
	"time"
)

// used is what this process has used so far.
type used struct {
	cpu  time.Duration
	peak int64 // bytes, the largest resident size
}

func usage() (u used) {
	var r syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &r); err != nil {
		return u
	}
	u.cpu = time.Duration(r.Utime.Nano() + r.Stime.Nano())
	u.peak = int64(r.Maxrss)
	if runtime.GOOS != "darwin" {
		u.peak <<= 10
	}
	return u
}
