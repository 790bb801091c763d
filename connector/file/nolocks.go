//go:build !plan9

package file

import "syscall"

// errNoLocks is what NFS without its lock service answers.
var errNoLocks error = syscall.ENOLCK
