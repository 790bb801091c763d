package durable

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"syscall"
	"testing"
)

// TestErrorsAreClassified: one table for all three questions, so that a new error is
// thought about once.
func TestErrorsAreClassified(t *testing.T) {
	for _, c := range []struct {
		err                     error
		refused, heals, noSpace bool
	}{
		{nil, false, true, false},
		{syscall.EIO, false, true, false},
		{syscall.EINTR, false, true, false},
		{syscall.ENOMEM, false, true, false},
		{syscall.ETIMEDOUT, false, true, false},
		{syscall.ENOENT, false, true, false}, // a server gives it to a rename that it has carried out
		{io.ErrShortWrite, false, true, false},
		{io.EOF, false, true, false},
		{errors.New("input/output error"), false, true, false}, // words prove nothing
		{ErrLocked, false, true, false},

		{syscall.ENOSPC, true, true, true},
		{syscall.EDQUOT, true, true, true},
		{syscall.EMFILE, true, true, false},
		{syscall.ENFILE, true, true, false},
		{syscall.EBUSY, true, true, false},
		{syscall.EEXIST, true, true, false},
		{syscall.ENOTEMPTY, true, true, false},
		{fs.ErrExist, true, true, false},

		{syscall.EROFS, true, false, false},
		{syscall.EACCES, true, false, false},
		{syscall.EPERM, true, false, false},
		{fs.ErrPermission, true, false, false},
		{syscall.ENOTDIR, true, false, false},
		{syscall.EISDIR, true, false, false},
		{syscall.ENAMETOOLONG, true, false, false},
		{syscall.ELOOP, true, false, false},
		{syscall.EMLINK, true, false, false},
		{syscall.EXDEV, true, false, false},
		{syscall.EINVAL, true, false, false},
		{syscall.ENOSYS, true, false, false},
		{syscall.EOPNOTSUPP, true, false, false},
		{errors.ErrUnsupported, true, false, false},
		{errNotRegular, false, false, false},
		{errNotDirectory, false, false, false},

		// The file may have both names by then, whatever ended it.
		{fmt.Errorf("%w: %w", errHalfRenamed, syscall.EACCES), false, false, false},
	} {
		check := func(err error) {
			if r, h, n := Refused(err), Heals(err), NoSpace(err); r != c.refused || h != c.heals || n != c.noSpace {
				t.Errorf("%v: refused %t, heals %t, no space %t; want %t, %t, %t", err, r, h, n, c.refused, c.heals, c.noSpace)
			}
		}
		check(c.err)
		if c.err != nil {
			check(fmt.Errorf("publish: %w", &fs.PathError{Op: "rename", Path: "a", Err: c.err}))
			check(errors.Join(&os.LinkError{Op: "rename", Old: "a", New: "b", Err: c.err}, errors.New("close")))
		}
	}
}
