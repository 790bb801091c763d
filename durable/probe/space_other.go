//go:build !linux && !darwin && !freebsd

package probe

import (
	"errors"
	"io/fs"
)

// SpaceOf measures how much room there is on the file system of the directory dir. On this
// system it does not know how to: the error wraps errors.ErrUnsupported.
func SpaceOf(dir string) (Space, error) {
	return Space{}, &fs.PathError{Op: "statfs", Path: dir, Err: errors.ErrUnsupported}
}
