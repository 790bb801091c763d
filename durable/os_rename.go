package durable

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// renameInSteps is Rename where the system cannot refuse to replace in the same step. It
// refuses all the same:
//
//   - A file gets its new name as a second one. The system refuses, in one step, a second
//     name that is taken. The directory of the new name is synced, so that a power cut
//     never leaves the file without a name, and only then the old name goes. A process
//     or a power cut that comes in between leaves the file under both names.
//   - A directory, or a file on a file system without second names, is renamed after a
//     look at the new name. What another process makes under that name between the look
//     and the rename is replaced if it is a file, or an empty directory; the system
//     replaces no directory that has something in it. A checkpoint has: so no checkpoint
//     is replaced. Files rely on names that only one process uses.
func renameInSteps(oldname, newname string) error {
	fi, err := os.Lstat(oldname)
	if err != nil {
		return renameError(oldname, newname, cause(err))
	}
	if fi.Mode().IsRegular() {
		if err := renameByLink(oldname, newname); !errors.Is(err, errNoLinks) {
			return err
		}
	}
	return lookThenRename(oldname, newname)
}

// errNoLinks says that a file cannot get a second name here.
var errNoLinks = errors.New("no second name for a file")

func renameByLink(oldname, newname string) error {
	err := os.Link(oldname, newname)
	switch {
	case err == nil:
	case unsupported(err), errors.Is(err, syscall.EMLINK):
		return errNoLinks
	default:
		return renameError(oldname, newname, cause(err))
	}
	if err := syncDir(filepath.Dir(newname)); err != nil {
		_ = os.Remove(newname) // the old name is as it was
		return renameError(oldname, newname, fmt.Errorf("%w: sync the directory of the new name: %w", errHalfRenamed, cause(err)))
	}
	if err := os.Remove(oldname); err != nil {
		// Perhaps it is gone all the same: then the new name is the only one.
		return renameError(oldname, newname, fmt.Errorf("%w: remove the old name: %w", errHalfRenamed, cause(err)))
	}
	return nil
}

// errHalfRenamed is in the error of a rename that was begun, whatever ended it.
var errHalfRenamed = errors.New("the file may have both names")

// lookThenRename refuses to replace what is there when it looks. It does not see what
// comes between the look and the rename.
func lookThenRename(oldname, newname string) error {
	switch _, err := os.Lstat(newname); {
	case err == nil:
		return renameError(oldname, newname, syscall.EEXIST)
	case !errors.Is(err, fs.ErrNotExist):
		return err
	}
	if err := os.Rename(oldname, newname); err != nil {
		return renameError(oldname, newname, cause(err))
	}
	return nil
}

// cause is what the system said, without the call and the names that package os adds.
func cause(err error) error {
	var le *os.LinkError
	var pe *fs.PathError
	switch {
	case errors.As(err, &le):
		return le.Err
	case errors.As(err, &pe):
		return pe.Err
	}
	return err
}

// renameError names both names; nil stays nil.
func renameError(oldname, newname string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%w (to %s)", pathError("rename", oldname, err), newname)
}

// pathError puts a call and a name to what the system said; nil stays nil.
func pathError(op, name string, err error) error {
	if err == nil {
		return nil
	}
	return &fs.PathError{Op: op, Path: name, Err: err}
}
