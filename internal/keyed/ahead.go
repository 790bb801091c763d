package keyed

import "github.com/weirstream/weir/checkpoint"

// Looking ahead: before a run of records is processed, their keys are looked up in the
// tables that are likely to be asked for them, all in one small loop. To find one key takes
// some loads from memory that wait for each other. The loads for different keys do not wait
// for each other, and in a loop that does nothing else the processor makes those of several
// keys at once. Then the user's function finds the entries in the cache, and their numbers
// known.

// Ahead is how many keys a run has at most: so few that their entries stay in the innermost
// cache until they are used.
const Ahead = 32

// LookAhead begins a run of at most Ahead keys, with their hash codes and key groups. Next
// makes one after the other the current key. The slices must stay as they are until the
// next run begins, or End.
func (b *Backend[K]) LookAhead(keys []K, codes []int32, groups []checkpoint.KeyGroup) {
	b.Current.begin(keys, codes, groups)
	for _, s := range b.states {
		s.lookAhead()
	}
}

// A foresight is what a table knows of the entries of a run of keys.
//
// Invariant: of the run that began at base, entries[i] is the entry of key i, or none if
// it had none. An entry stays where it is unless one is deleted, which makes the table
// forget.
type foresight struct {
	base    uint64
	known   int // how many keys of the run it knows about
	entries [Ahead]int
	asked   int    // how many keys of the run the table was asked for
	ran     int    // how many keys the run has
	touched uint64 // makes the compiler keep a loop that only loads
}

// none is the number of no entry.
const none = -1

// worthwhile is how many entries a table that looks ahead has at least. A smaller one is in
// the cache anyway.
const worthwhile = 8 << 10

// lookAhead looks ahead if that seems worthwhile: in a large table that was asked for at
// least half of the last run's keys. Which namespace will be asked for is not known: it is
// most likely the one that was asked for last.
func (t *Table[K, N, V]) lookAhead() {
	f := &t.foresight
	worth := t.n >= worthwhile && 2*f.asked >= f.ran
	f.known, f.asked, f.ran = 0, 0, len(t.current.keys)
	if worth {
		t.foresee()
	}
}

// foresee finds the entries of the run that has begun.
func (t *Table[K, N, V]) foresee() {
	c, f := t.current, &t.foresight
	var hashes [Ahead]uint32
	for i, key := range c.keys {
		g := &t.groups[t.number(c.groups[i])]
		hashes[i] = c.of(key, c.codes[i], g.crowded) ^ t.mixed
		f.touched += g.index.first(hashes[i])
	}
	for i, key := range c.keys {
		f.entries[i] = t.groups[t.number(c.groups[i])].find(id[K, N]{t.space, key}, hashes[i])
	}
	f.base, f.known = c.base, len(c.keys)
}

// foreseen returns the entry of a key, or none if nothing is known of it.
func (f *foresight) foreseen(seq uint64) (entry int) {
	f.asked++
	if i := seq - f.base - 1; i < uint64(f.known) {
		return f.entries[i]
	}
	return none
}

// forget is called when entries are not where they were.
func (f *foresight) forget() { f.known = 0 }
