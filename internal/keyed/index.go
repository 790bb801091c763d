package keyed

// An index finds entries by the hashes of their keys: open addressing with linear probing.
// It is a power of two long. A slot of it is hash<<32 | number of the entry + 1, or 0 if
// it is empty; so a miss rarely touches an entry, and growing touches none. The slot of an
// entry is at the place that its hash asks for, or after it (cyclically) with no empty slot
// between. An index is never full.
type index []uint64

// minIndex is the length of the smallest index that has entries.
const minIndex = 8

// smallIndex is the length up to which an index takes little memory, however many
// indexes there are.
const smallIndex = 64

// full reports whether an index of the given length is too small for n entries. It is kept
// at most half full, and a small one a quarter: whether a search ends at its first slot is
// a guess for the processor, and a wrong one costs more than the memory.
func full(n, length int) bool {
	if length <= smallIndex {
		return 4*n > length
	}
	return 2*n > length
}

// noEntries is the index where there are no entries. It is never written.
var noEntries = make(index, 1)

// first returns the slot at which the search for a hash begins.
func (x index) first(hash uint32) uint64 { return x[int(hash)&(len(x)-1)] }

// vacant returns the first empty slot for a hash, and how many entries have that hash.
func (x index) vacant(hash uint32) (at, same int) {
	mask := len(x) - 1
	for at = int(hash) & mask; x[at] != 0; at = (at + 1) & mask {
		if uint32(x[at]>>32) == hash {
			same++
		}
	}
	return at, same
}

// link adds entry i, and returns how many others have its hash.
func (x index) link(i int, hash uint32) (same int) {
	at, same := x.vacant(hash)
	x[at] = uint64(hash)<<32 | uint64(i+1)
	return same
}

// resized returns an index of another length with the same entries.
func (x index) resized(length int) index {
	y := make(index, length)
	for _, s := range x {
		if s != 0 {
			at, _ := y.vacant(uint32(s >> 32))
			y[at] = s
		}
	}
	return y
}

// unlink removes entry i, whose key has the given hash, and closes the gap: a slot after
// it that was pushed past the gap moves back, so that no search stops early.
func (x index) unlink(i int, hash uint32) {
	mask := len(x) - 1
	gap := x.slotOf(i, hash)
	for next := (gap + 1) & mask; x[next] != 0; next = (next + 1) & mask {
		home := int(uint32(x[next]>>32)) & mask
		if (next-home)&mask >= (next-gap)&mask {
			x[gap] = x[next]
			gap = next
		}
	}
	x[gap] = 0
}

// relink makes the slot of entry from, whose key has the given hash, point to entry to.
func (x index) relink(from, to int, hash uint32) {
	x[x.slotOf(from, hash)] = uint64(hash)<<32 | uint64(to+1)
}

// slotOf returns which slot points to entry i, whose key has the given hash.
func (x index) slotOf(i int, hash uint32) int {
	mask := len(x) - 1
	want := uint64(hash)<<32 | uint64(i+1)
	at := int(hash) & mask
	for x[at] != want {
		at = (at + 1) & mask
	}
	return at
}
