//go:build unix

package durable

import (
	"errors"
	"os"
	"syscall"
)

// noFollow makes open refuse a symbolic link, and not wait for a pipe's other end.
const noFollow = syscall.O_NOFOLLOW | syscall.O_NONBLOCK

// renameNoReplace refuses in the kernel, in one step with the rename. If kernel, file
// system or sandbox do not support that it takes the steps of renameInSteps.
func renameNoReplace(oldname, newname string) error {
	err := again(func() error { return renameRefusing(oldname, newname) })
	switch {
	case err == nil:
		return nil
	case unsupported(err):
		return renameInSteps(oldname, newname)
	}
	return renameError(oldname, newname, err)
}

// syncDir follows a symbolic link at the end of name: the entries are those of the
// directory it leads to. If that directory has no sync of its own the whole file system
// is synced; if that is not supported either the error is the first one.
func syncDir(name string) error {
	d, err := os.OpenFile(name, os.O_RDONLY|syscall.O_DIRECTORY, 0)
	if err != nil {
		return err
	}
	if err = d.Sync(); unsupported(err) {
		if whole := syncFileSystem(d); !unsupported(whole) {
			err = pathError("sync", name, whole)
		}
	}
	if cerr := d.Close(); err == nil {
		err = cerr
	}
	return err
}

// onDescriptor makes a system call on the descriptor of an open file.
func onDescriptor(f *os.File, call func(fd int) error) error {
	rc, err := f.SyscallConn()
	if err != nil {
		return err
	}
	var cerr error
	if err := rc.Control(func(fd uintptr) {
		cerr = again(func() error { return call(int(fd)) })
	}); err != nil {
		return err
	}
	return cerr
}

// again repeats a system call that a signal has interrupted.
func again(call func() error) error {
	for {
		if err := call(); !errors.Is(err, syscall.EINTR) {
			return err
		}
	}
}
