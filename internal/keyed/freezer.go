package keyed

import (
	"sync"
	"sync/atomic"
)

// A place says how far the writing of a snapshot is: the key group, counted from 0, and
// the page in it. What lies before the place is written.
type place uint64

func placeOf(group, page int) place { return place(group)<<32 | place(uint32(page)) }

// endOf is after every page of a key group and before the next group.
func endOf(group int) place { return placeOf(group, -1) }

// A freezer knows the snapshots of one state that are being written, and so what must
// stay as it is. The goroutine of the backend freezes and asks; another one writes a
// snapshot and releases it.
//
// Whatever is made gets the number of the epoch in which it is made, and a snapshot ends
// an epoch. So a snapshot sees what was made in its epoch or before it.
type freezer struct {
	epoch uint32 // the current one, from 1
	// frozen is the epoch of the youngest living snapshot, or 0 if there is none.
	frozen atomic.Uint32
	// alone is the same if it is the only living snapshot, and otherwise 0; written is then
	// how far it is.
	alone   atomic.Uint32
	written atomic.Uint64

	latest  *freeze // the snapshot of the last freeze, alive or not
	scratch []byte  // of keep

	mu sync.Mutex
	// freezes are the living snapshots, and dead ones that are younger than a living one,
	// which may need what they have kept. The oldest comes first.
	freezes []*freeze
}

// A freeze is one snapshot, as a freezer knows it.
type freeze struct {
	of    *freezer
	epoch uint32
	kept  *arena
	// These are under of.mu.
	dead  bool
	moved map[*mark]uint32 // where values are kept, if their marks no longer say it
	err   error            // the first value that could not be kept
}

// sees reports whether a living snapshot sees what was made in an epoch, and has not
// written it yet. A change must leave that as it is.
func (f *freezer) sees(epoch uint32, at place) bool {
	return epoch <= f.frozen.Load() && at >= place(f.written.Load())
}

// freeze ends the epoch with a snapshot.
func (f *freezer) freeze() *freeze {
	f.mu.Lock()
	defer f.mu.Unlock()
	z := &freeze{of: f, epoch: f.epoch}
	if last := f.latest; last != nil && len(f.freezes) == 0 {
		z.kept = last.kept.emptied()
	} else {
		z.kept = new(arena)
	}
	f.latest = z
	f.freezes = append(f.freezes, z)
	f.epoch++
	f.count()
	return z
}

// wrote says that the snapshot does not look again at what lies before a place.
func (z *freeze) wrote(to place) {
	z.of.mu.Lock()
	defer z.of.mu.Unlock()
	if z.of.alone.Load() == z.epoch {
		z.of.written.Store(uint64(to))
	}
}

// release says that the snapshot is written, or will not be. It may be called again.
func (z *freeze) release() {
	f := z.of
	f.mu.Lock()
	defer f.mu.Unlock()
	z.dead = true
	for len(f.freezes) > 0 && f.freezes[0].dead {
		f.freezes[0] = nil
		f.freezes = f.freezes[1:]
	}
	f.count()
}

// count brings frozen, alone and written up to date.
func (f *freezer) count() {
	living, youngest := 0, uint32(0)
	for _, z := range f.freezes {
		if !z.dead {
			living, youngest = living+1, z.epoch
		}
	}
	// From here on the goroutine of the backend may take written for that of another
	// snapshot, unless it is 0 first.
	f.written.Store(0)
	f.frozen.Store(youngest)
	if living != 1 {
		youngest = 0
	}
	f.alone.Store(youngest)
}
