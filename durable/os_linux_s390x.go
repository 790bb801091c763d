package durable

const (
	sysRenameat2 = 347
	sysFadvise   = 253
	fadvDontNeed = 6 // not 4, as everywhere else
)
