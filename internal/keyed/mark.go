package keyed

import (
	"runtime"
	"sync/atomic"
)

// A mark says up to which snapshot a value is free: no snapshot of that epoch or an older
// one looks at it any more, because it was made after them, or they have written it, or
// it is kept for them. A free value may be changed where it is. A bit of the mark is a
// lock, so that a value does not become free while a snapshot is writing it.
//
//	bits 32 to 63  the epoch
//	bit  31        locked
//	bits 0 to 30   where in the arena of that epoch's snapshot the value is kept, or 0
type mark struct{ bits atomic.Uint64 }

const (
	markPlace  = 1<<31 - 1
	markLocked = 1 << 31
)

func markOf(epoch, at uint32) uint64 { return uint64(epoch)<<32 | uint64(at) }

// parts are what the bits of an unlocked mark say.
func parts(bits uint64) (epoch, at uint32) { return uint32(bits >> 32), uint32(bits) }

// lock waits until the mark is not locked, locks it and returns what it says.
func (m *mark) lock() (bits uint64) {
	for {
		bits = m.bits.Load()
		if bits&markLocked == 0 && m.bits.CompareAndSwap(bits, bits|markLocked) {
			return bits
		}
		runtime.Gosched() // the other goroutine has one value to write, or to keep
	}
}

// unlock unlocks the mark and makes it say bits.
func (m *mark) unlock(bits uint64) { m.bits.Store(bits) }

// needs reports whether a living snapshot needs the value with a mark.
func (f *freezer) needs(m *mark) bool { return uint32(m.bits.Load()>>32) < f.frozen.Load() }

// free is the mark of what is made now.
func (f *freezer) free() uint64 { return markOf(f.epoch-1, 0) }

// keep keeps the encoding of a value for every snapshot that needs it, and so frees the
// value. If there is an error in its place it fails those snapshots.
func (f *freezer) keep(m *mark, encoding []byte, err error) {
	bits := m.lock()
	z := f.latest
	if f.alone.Load() != z.epoch {
		z = f.move(m, bits)
	}
	if z == nil { // the last one has just been released
		m.unlock(bits)
		return
	}
	var at uint32
	if err == nil {
		at, err = z.kept.add(encoding)
	}
	if err != nil {
		z.fail(err)
	}
	m.unlock(markOf(z.epoch, at))
}

// move prepares a mark to say something else: for snapshots that need what it says that
// is noted elsewhere. It returns the youngest of all snapshots, or nil if there is none.
func (f *freezer) move(m *mark, bits uint64) (youngest *freeze) {
	epoch, at := parts(bits)
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, z := range f.freezes {
		if z.epoch == epoch && at != 0 {
			if z.moved == nil {
				z.moved = make(map[*mark]uint32)
			}
			z.moved[m] = at
		}
		youngest = z
	}
	return youngest
}

// fail makes a snapshot fail when it is written.
func (z *freeze) fail(err error) {
	z.of.mu.Lock()
	defer z.of.mu.Unlock()
	for _, other := range z.of.freezes {
		if other.err == nil {
			other.err = err
		}
	}
}

// failed is the error that a snapshot fails with, if any.
func (z *freeze) failed() error {
	z.of.mu.Lock()
	defer z.of.mu.Unlock()
	return z.err
}

// find returns what is kept of a value for a snapshot, or false if the value is as the
// snapshot saw it. The caller has locked the mark, which says bits.
func (z *freeze) find(m *mark, bits uint64) (encoding []byte, ok bool) {
	epoch, at := parts(bits)
	switch {
	case epoch < z.epoch:
		return nil, false
	case epoch == z.epoch && at == 0:
		return nil, true // it could not be kept, and z has failed
	case epoch == z.epoch:
		return z.kept.at(at), true
	}
	// It was kept for a younger snapshot, or is kept for that and was kept for an older one.
	// The first that is not older than z has the value as it was for z.
	z.of.mu.Lock()
	defer z.of.mu.Unlock()
	for _, other := range z.of.freezes {
		if other.epoch < z.epoch || other.epoch > epoch {
			continue
		}
		if moved, ok := other.moved[m]; ok {
			return other.kept.at(moved), true
		}
		if other.epoch == epoch && at != 0 {
			return other.kept.at(at), true
		}
	}
	return nil, true // it could not be kept, and all have failed
}

// freed returns what the mark of a value says when a snapshot has just written it: that
// it is free, unless there are others, which may need it.
func (z *freeze) freed(bits uint64) uint64 {
	if z.of.alone.Load() == z.epoch {
		return markOf(z.epoch, 0)
	}
	return bits
}
