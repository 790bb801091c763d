//go:build !linux && !darwin && !freebsd

package durable

import (
	"errors"
	"io/fs"
)

// ProbeSpace tells how much room there is below the directory dir. On this system it does
// not know how to find out: the error wraps errors.ErrUnsupported.
func ProbeSpace(dir string) (Space, error) {
	return Space{}, &fs.PathError{Op: "statfs", Path: dir, Err: errors.ErrUnsupported}
}
