package store

import (
	"errors"
	"syscall"
)

// lost reports whether an error of reading says that the bytes are gone, rather than that
// this process could not read them now. Only lost bytes are damage: a missing permission
// or a lack of descriptors is none. And before lost bytes count as damage they are read
// once more (see Store.verify).
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
