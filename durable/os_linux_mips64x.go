//go:build linux && (mips64 || mips64le)

package durable

const (
	sysRenameat2 = 5311
	sysFadvise   = 5215
	fadvDontNeed = 4
)
