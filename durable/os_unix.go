//go:build unix

package durable

import (
	"os"
	"syscall"
)

// noFollow makes open refuse a symbolic link, and not wait for a pipe's other end.
const noFollow = syscall.O_NOFOLLOW | syscall.O_NONBLOCK

// syncDir follows a symbolic link at the end of name: the entries are those of the
// directory behind it.
func syncDir(name string) error {
	d, err := os.OpenFile(name, os.O_RDONLY|syscall.O_DIRECTORY, 0)
	if err != nil {
		return err
	}
	err = d.Sync()
	if cerr := d.Close(); err == nil {
		err = cerr
	}
	return err
}
