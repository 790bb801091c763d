package keyed

import (
	"errors"

	"github.com/weirstream/weir/internal/flow"
)

// A Slot is a state of one value per key as a handle sees it: the place of the current
// key's value. It remembers the place, so that a function that reads a state and then
// writes it looks for the key once. What it remembers is used without a call.
//
// Invariant: while seq is the number of the current key, has says whether it has a value,
// and ref is where that is. If mine is set, no snapshot needs what is there. Otherwise ref
// points to the value in a page that a snapshot needs, or to zero, and nothing is written
// there. An entry stays where it is unless its page is copied or an entry is deleted: the
// table that does it makes the slot forget, or tells it the new place. After a snapshot
// the slot has forgotten.
type Slot[V any] struct {
	now  *uint64 // the number of the current key
	seq  uint64
	ref  *V
	has  bool
	mine bool
	in   finder[V]
	zero V
}

// A finder is a table, erased of the type of its keys.
type finder[V any] interface {
	// look finds the place of the current key's value.
	look()
	// ensure makes sure that there is such a place, and that it is the slot's own. It
	// reports whether there was one.
	ensure() (existed bool)
	// remove removes the current key's value, and reports whether there was one.
	remove() bool
}

// noKey is the number of no key.
const noKey = ^uint64(0)

// forget makes the slot look again.
func (s *Slot[V]) forget() { s.seq, s.ref, s.has, s.mine = noKey, &s.zero, false, false }

// Get returns the current key's value, and whether it has one. It is the state's own: if it
// refers to memory, that may be changed as long as the key is the current one, and is the
// state's then, also without Set. Afterwards a snapshot may be reading it. The memory must
// not belong to another value too.
func (s *Slot[V]) Get() (V, bool) {
	if s.seq != *s.now {
		s.in.look()
	}
	return *s.ref, s.has
}

// Ref returns where the current key's value is, and whether it had one; if not it has the
// zero value now. The pointer is good until the state is used again.
func (s *Slot[V]) Ref() (v *V, existed bool) {
	if s.seq == *s.now && s.mine {
		return s.ref, true
	}
	existed = s.in.ensure()
	return s.ref, existed
}

// Set gives the current key a value.
func (s *Slot[V]) Set(v V) {
	if s.seq != *s.now || !s.mine {
		s.in.ensure()
	}
	*s.ref = v
}

// Clear removes the current key's value, and reports whether it had one.
func (s *Slot[V]) Clear() bool { return s.in.remove() }

// errNoKey is what the use of a state panics with when there is no current key.
var errNoKey = flow.Permanent(errors.New("a state was used while no record is processed: it is kept per key, and there is no key; use it in the function that processes records"))
