//go:build linux && !(386 || amd64 || arm || arm64 || loong64 || mips || mipsle || mips64 || mips64le || ppc64 || ppc64le || riscv64 || s390x)

package durable

const (
	sysRenameat2 = 0 // not known here: Rename looks first
	sysFadvise   = 0
	fadvDontNeed = 0
)
