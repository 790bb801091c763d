package durable

import "syscall"

// What Windows says for a full disk and for a used-up quota. Package syscall does not
// take these for its ENOSPC and EDQUOT, which it has made up.
var (
	noSpaceHere = []error{
		syscall.Errno(39),  // ERROR_HANDLE_DISK_FULL
		syscall.Errno(112), // ERROR_DISK_FULL
	}
	noQuotaHere = []error{
		syscall.Errno(1295), // ERROR_DISK_QUOTA_EXCEEDED
	}
)

// refusalsHere are refusals that POSIX does not know.
var refusalsHere = []error{
	syscall.Errno(32), // ERROR_SHARING_VIOLATION
	syscall.Errno(33), // ERROR_LOCK_VIOLATION
}
