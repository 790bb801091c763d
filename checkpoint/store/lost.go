package store

import (
	"errors"
	"syscall"
)

// lost tells whether an error of reading says that the bytes are gone, rather than
// that this process could not get at them just now. Only what is lost is damage: for
// want of a permission or a descriptor no checkpoint is given up, and before one is given
// up for what is lost it is read once more (see Store.verify).
func lost(err error) bool {
	if errors.Is(err, syscall.EIO) {
		return true
	}
	for _, e := range lostErrnos {
		if errors.Is(err, e) {
			return true
		}
	}
	return false
}
