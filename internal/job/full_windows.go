package job

import "syscall"

// noSpaceHere are what Windows says; package syscall does not take them for ENOSPC and
// EDQUOT, which it has made up.
var noSpaceHere = []error{
	syscall.Errno(39),   // ERROR_HANDLE_DISK_FULL
	syscall.Errno(112),  // ERROR_DISK_FULL
	syscall.Errno(1295), // ERROR_DISK_QUOTA_EXCEEDED
}
