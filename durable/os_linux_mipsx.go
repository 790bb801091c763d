//go:build linux && (mips || mipsle)

package durable

const (
	sysRenameat2 = 4351
	sysFadvise   = 0 // takes seven words, which package syscall cannot pass
	fadvDontNeed = 4
)
