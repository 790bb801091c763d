package durable

const (
	sysRenameat2 = 353
	sysFadvise   = 272 // fadvise64_64
	fadvDontNeed = 4
)
