//go:build linux && (ppc64 || ppc64le)

package durable

const (
	sysRenameat2 = 357
	sysFadvise   = 233
	fadvDontNeed = 4
)
