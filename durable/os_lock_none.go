//go:build !(darwin || dragonfly || freebsd || illumos || linux || netbsd || openbsd || windows)

package durable

import (
	"errors"
	"os"
)

// lockFile refuses: the locks that these systems have belong to the process, and end when
// any of its descriptors of the file is closed.
func lockFile(*os.File) error { return errors.ErrUnsupported }
