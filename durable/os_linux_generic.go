//go:build linux && (arm64 || loong64 || riscv64)

package durable

const (
	sysRenameat2 = 276
	sysFadvise   = 223
	fadvDontNeed = 4
)
