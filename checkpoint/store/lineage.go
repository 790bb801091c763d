package store

import (
	"crypto/rand"
	"encoding/binary"
	"fmt"
)

// Lineage names the chain of checkpoints in the directory: a number in hex that was drawn
// at random at its first start. All starts have it in common, and no other directory has
// it, unless one is a copy of the other with its lock file.
func (s *Store) Lineage() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return fmt.Sprintf("%016x", s.owner.lineage)
}

// newLineage draws a lineage, which is not 0.
func newLineage() uint64 {
	for {
		var b [8]byte
		rand.Read(b[:]) // never fails
		if n := binary.BigEndian.Uint64(b[:]); n != 0 {
			return n
		}
	}
}
