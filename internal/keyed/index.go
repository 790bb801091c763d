package keyed

// The index of a key group: open addressing with linear probing. A slot keeps the
// whole 32-bit hash, so that a miss rarely touches an entry and growing touches none.
//
// The hash is made of Flink's hash code of the key, which is as good as Java's: for two
// different strings of a few characters it may be the same, and whoever chooses the keys
// can make it the same for any number of them. A group that gets more than crowd keys with
// one hash makes its hashes of the whole key from then on.

// crowd is how many keys of a group may have one hash.
const crowd = 8

// minIndex is the length of the smallest index.
const minIndex = 8

// full tells whether an index of the given length is too small for n entries. It is kept
// at most half full, and a small one a quarter: whether a search ends at its first slot is
// a guess for the processor, and a wrong one costs more than the memory.
func full(n, length int) bool {
	if length <= smallIndex {
		return 4*n > length
	}
	return 2*n > length
}

// smallIndex is the length of an index that takes little memory however many there are.
const smallIndex = 64

// find returns the entry of a key, or none.
func (g *group[K, V]) find(key K, hash uint32) int {
	mask := uint(len(g.index) - 1)
	for at := uint(hash) & mask; ; at = (at + 1) & mask {
		s := g.index[at]
		if s == 0 {
			return none
		}
		if uint32(s>>32) == hash {
			i := int(uint32(s)) - 1
			if g.pages[i>>pageBits].page[i&pageMask].key == key {
				return i
			}
		}
	}
}

// slot returns the slot at which the search for a hash begins.
func (g *group[K, V]) slot(hash uint32) uint64 {
	return g.index[int(hash)&(len(g.index)-1)]
}

// vacant returns the first empty slot for a hash, and how many entries have that hash.
func (g *group[K, V]) vacant(hash uint32) (at, same int) {
	mask := len(g.index) - 1
	for at = int(hash) & mask; g.index[at] != 0; at = (at + 1) & mask {
		if uint32(g.index[at]>>32) == hash {
			same++
		}
	}
	return at, same
}

// link puts an entry into the index, and tells how many others have its hash.
func (g *group[K, V]) link(i int, hash uint32) (same int) {
	at, same := g.vacant(hash)
	g.index[at] = uint64(hash)<<32 | uint64(i+1)
	return same
}

// rebuild moves the slots into an index of another length.
func (g *group[K, V]) rebuild(length int) {
	old := g.index
	g.index = make([]uint64, length)
	for _, s := range old {
		if s != 0 {
			at, _ := g.vacant(uint32(s >> 32))
			g.index[at] = s
		}
	}
}

// unlink takes an entry out of the index and closes the gap: every slot behind it that was
// pushed past the gap moves back, so that no search stops early.
func (g *group[K, V]) unlink(i int, hash uint32) {
	mask := len(g.index) - 1
	gap := g.slotOf(i, hash)
	for next := (gap + 1) & mask; g.index[next] != 0; next = (next + 1) & mask {
		home := int(uint32(g.index[next]>>32)) & mask
		if (next-home)&mask >= (next-gap)&mask {
			g.index[gap] = g.index[next]
			gap = next
		}
	}
	g.index[gap] = 0
}

// relink makes the slot of entry from, whose key has the given hash, point to entry to.
func (g *group[K, V]) relink(from, to int, hash uint32) {
	g.index[g.slotOf(from, hash)] = uint64(hash)<<32 | uint64(to+1)
}

// slotOf is where the index points to an entry, whose key has the given hash.
func (g *group[K, V]) slotOf(i int, hash uint32) int {
	mask := len(g.index) - 1
	want := uint64(hash)<<32 | uint64(i+1)
	at := int(hash) & mask
	for g.index[at] != want {
		at = (at + 1) & mask
	}
	return at
}
