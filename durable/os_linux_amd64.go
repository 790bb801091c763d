package durable

const (
	sysRenameat2 = 316
	sysFadvise   = 221
	fadvDontNeed = 4
)
