//go:build !(darwin || dragonfly || freebsd || illumos || linux || netbsd || openbsd || windows)

package durable

import (
	"errors"
	"os"
)

// lockFile refuses: the only locks these systems offer belong to the process, and end
// when any of its descriptors of the file is closed.
func lockFile(*os.File) error { return errors.ErrUnsupported }
