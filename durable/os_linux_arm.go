package durable

const (
	sysRenameat2 = 382
	sysFadvise   = 270 // arm_fadvise64_64
	fadvDontNeed = 4
)
