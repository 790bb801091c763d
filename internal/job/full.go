package job

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"syscall"

	"github.com/weirstream/weir/checkpoint"
)

// A full disk is often full for a while only, so it is waited for like any failure that may
// heal. But it heals by what somebody does, who is to be told where it is full, that nothing
// complete is lost, and what to do.

// noSpace are the errors of a disk that is full, and of a quota that is used up.
var noSpace = append([]error{syscall.ENOSPC, syscall.EDQUOT}, noSpaceHere...)

// fullDisk tells whether err is that of a full disk, and in which directory; dir is empty if
// the error does not say.
func fullDisk(err error) (dir string, full bool) {
	if !slices.ContainsFunc(noSpace, func(e error) bool { return errors.Is(err, e) }) {
		return "", false
	}
	var at *fs.PathError
	if !errors.As(err, &at) {
		return "", true
	}
	dir = filepath.Dir(at.Path)
	if checkpoint.ParseName(filepath.Base(dir)).Kind == checkpoint.Staging {
		dir = filepath.Dir(dir) // that one is removed before anybody looks for it
	}
	return dir, true
}

// TellFull puts in front of the error that a job has ended with, if it is that of a full
// disk, where that is, what is intact and what to do. last is the last complete checkpoint,
// 0 if this run has none. Other errors are returned as they are.
func TellFull(err error, last checkpoint.ID) error {
	dir, full := fullDisk(err)
	if !full {
		return err
	}
	where := "on a disk"
	if dir != "" {
		where = "in " + dir
	}
	intact := fmt.Sprintf("checkpoint %d is intact", last)
	if last == 0 {
		intact = "this run has completed no checkpoint, and what was there before is as it was"
	}
	return fmt.Errorf("no space left %s; %s; free space and start again: %w", where, intact, err)
}
