package keyed

// The index of a key group: open addressing with linear probing. A slot keeps the
// whole 32-bit hash, so that a miss rarely touches an entry and growing touches none.

// minIndex is the length of the smallest index.
const minIndex = 8

// full tells whether an index of the given length is too small for n entries. It is kept
// at most half full: whether a search ends at its first slot is a guess for the
// processor, and a wrong one costs more than the memory.
func full(n, length int) bool { return 2*n > length }

// find looks for a key. If it is there, i is its entry and at its slot; if not, at is
// the slot it would take (meaningless while there is no index).
func (g *group[K, V]) find(key K, hash uint32) (i, at int, ok bool) {
	if len(g.index) == 0 {
		return 0, 0, false
	}
	mask := len(g.index) - 1
	for at = int(hash) & mask; ; at = (at + 1) & mask {
		s := g.index[at]
		if s == 0 {
			return 0, at, false
		}
		if uint32(s>>32) == hash {
			i = int(uint32(s)) - 1
			if g.pages[i>>pageBits].page[i&pageMask].key == key {
				return i, at, true
			}
		}
	}
}

// slot returns the slot at which the search for a hash begins.
func (g *group[K, V]) slot(hash uint32) uint64 {
	if len(g.index) == 0 {
		return 0
	}
	return g.index[int(hash)&(len(g.index)-1)]
}

// vacant returns the first empty slot for a hash.
func (g *group[K, V]) vacant(hash uint32) int {
	mask := len(g.index) - 1
	at := int(hash) & mask
	for g.index[at] != 0 {
		at = (at + 1) & mask
	}
	return at
}

// rebuild moves the slots into an index of another length.
func (g *group[K, V]) rebuild(length int) {
	old := g.index
	g.index = make([]uint64, length)
	for _, s := range old {
		if s != 0 {
			g.index[g.vacant(uint32(s>>32))] = s
		}
	}
}

// unlink empties a slot and closes the gap: every slot behind it that was pushed past
// the gap moves back, so that no search stops early.
func (g *group[K, V]) unlink(at int) {
	mask := len(g.index) - 1
	gap := at
	for next := (at + 1) & mask; g.index[next] != 0; next = (next + 1) & mask {
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
	mask := len(g.index) - 1
	want := uint64(hash)<<32 | uint64(from+1)
	at := int(hash) & mask
	for g.index[at] != want {
		at = (at + 1) & mask
	}
	g.index[at] = uint64(hash)<<32 | uint64(to+1)
}
