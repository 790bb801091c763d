package keyed

import (
	"errors"

	"github.com/weirstream/weir/internal/flow"
)

// A Slot is a state of one value per key as a handle sees it: the place of the current
// key's value. It remembers the place, so that user code that reads a state and then
// writes it looks for the key once; and what it remembers is used without a call.
//
// Invariant: while seq is the number of the current key, has tells whether it has a value,
// and ref is where that is; if mine is set no snapshot can see the place. Otherwise ref
// points to zero, which nobody writes. An entry stays where it is but for a copy of its
// page and a deletion: the table that does one of these makes the slot forget or look
// again, and after a snapshot what was its own is no longer.
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
	// ensure makes sure that there is such a place, and that it is the slot's own. It tells
	// whether there was one.
	ensure() (existed bool)
	// remove removes the current key's value and tells whether there was one.
	remove() bool
}

// nobody is the number of no key.
const nobody = ^uint64(0)

// forget makes the slot look again.
func (s *Slot[V]) forget() { s.seq, s.ref, s.has, s.mine = nobody, &s.zero, false, false }

// Get returns the current key's value and whether it has one.
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

// Clear removes the current key's value and tells whether it had one.
func (s *Slot[V]) Clear() bool { return s.in.remove() }

// errNoKey is what user code panics with that uses a state when there is no record: the
// state belongs to a key.
var errNoKey = flow.Permanent(errors.New("a state was used while no record is processed: it is kept per key, and there is no key; use it in the function that processes records"))
