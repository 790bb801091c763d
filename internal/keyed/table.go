package keyed

import "github.com/weirstream/weir/checkpoint"

// Table is one keyed state: a map from key and namespace to V for each key group of a
// range. If N takes no memory, as struct{}, there are no namespaces, and none are paid for.
// A V is copied by assignment, and so must not refer to memory that is changed.
//
// Invariants:
//   - entry is that of the current key and namespace while the slot knows its place;
//   - the index of a group has a slot for each of its entries.
type Table[K, N comparable, V any] struct {
	Slot[V]
	entry   int // of the current key
	current *Current[K]
	space   N      // the current namespace
	mixed   uint32 // the hash of space
	groups  []group[K, N, V]
	first   int       // the key group of groups[0]
	own     func(K) K // copies a key that would pin foreign memory; may be nil
	n       int       // entries in all groups
	foresight
	freezer
	keeper *keeper[entry[K, N, V]]
}

// entry is one key in a namespace, with its value.
type entry[K, N comparable, V any] struct {
	id[K, N]
	value V
}

type id[K, N comparable] struct {
	space N
	key   K
}

type group[K, N comparable, V any] struct {
	index index
	pages[entry[K, N, V]]
	// crowded says that hashes are made of the whole key. A hash is otherwise made of
	// Flink's hash code of the key, which is as good as Java's: for two different strings of
	// a few characters it may be the same, and a user who chooses the keys can make it the
	// same for any number of them.
	crowded bool
}

// crowd is how many keys of a group may have one hash before it is made of whole keys.
const crowd = 8

// NewTable makes an empty table for the key groups of a range. own may be nil.
func NewTable[K, N comparable, V any](current *Current[K], r checkpoint.KeyGroupRange, own func(K) K) *Table[K, N, V] {
	t := &Table[K, N, V]{current: current, first: r.Start, groups: make([]group[K, N, V], r.Len()), own: own}
	t.epoch = 1
	t.keeper = newKeeper[entry[K, N, V]](&t.freezer)
	t.mixed = spread(0, current.seed, t.space)
	for i := range t.groups {
		t.groups[i].index = noEntries
	}
	t.Slot = Slot[V]{now: &current.seq, in: t}
	t.Slot.forget()
	return t
}

// Len is the number of entries in the table.
func (t *Table[K, N, V]) Len() int { return t.n }

// number is which of the groups a key group is.
func (t *Table[K, N, V]) number(g checkpoint.KeyGroup) int { return int(g) - t.first }

// in makes a namespace the current one.
func (t *Table[K, N, V]) in(space N) {
	if space != t.space {
		t.space, t.mixed = space, spread(0, t.current.seed, space)
		t.Slot.forget()
		t.foresight.forget()
	}
}

// look is the slot's: it finds the current key.
func (t *Table[K, N, V]) look() {
	c := t.current
	at := c.at()
	if at >= uint64(len(c.keys)) {
		panic(errNoKey)
	}
	no := t.number(c.groups[at])
	g := &t.groups[no]
	i := t.foreseen(c.seq)
	if i == none {
		hash := c.mix(c.codes[at]) // as of does, without a call for every record
		if g.crowded {
			hash = c.strong(c.keys[at], c.codes[at])
		}
		i = g.find(id[K, N]{t.space, c.keys[at]}, hash^t.mixed)
	}
	t.seq, t.entry = c.seq, i
	if i == none {
		t.ref, t.has, t.mine = &t.zero, false, false
		return
	}
	t.point(no)
}

// find returns which entry has a key in a namespace, or none.
func (g *group[K, N, V]) find(id id[K, N], hash uint32) int {
	mask := uint(len(g.index) - 1)
	for at := uint(hash) & mask; ; at = (at + 1) & mask {
		s := g.index[at]
		if s == 0 {
			return none
		}
		if uint32(s>>32) == hash {
			i := int(uint32(s)) - 1
			if g.list[i>>pageBits].page[i&pageMask].id == id {
				return i
			}
		}
	}
}

// point tells the slot where the entry is, which is in the group with a number.
func (t *Table[K, N, V]) point(no int) {
	i := t.entry
	p := &t.groups[no].list[i>>pageBits]
	t.ref, t.has, t.mine = &p.page[i&pageMask].value, true, !t.sees(p.epoch, placeOf(no, i>>pageBits))
}

// ensure is the slot's: it inserts the current key, if it is not there.
func (t *Table[K, N, V]) ensure() (existed bool) {
	if t.seq != t.current.seq {
		t.look()
	}
	c := t.current
	at := c.at()
	no := t.number(c.groups[at])
	existed = t.has
	if !existed {
		key := c.keys[at]
		if t.own != nil {
			key = t.own(key)
		}
		t.entry = t.insert(no, key, c.of(key, c.codes[at], t.groups[no].crowded)^t.mixed)
	}
	t.writable(no, t.entry)
	t.point(no)
	return existed
}

// insert appends an entry with the zero value.
func (t *Table[K, N, V]) insert(no int, key K, hash uint32) int {
	g := &t.groups[no]
	if full(g.n+1, len(g.index)) {
		g.index = g.index.resized(max(minIndex, 2*len(g.index)))
	}
	i := g.n
	g.push(t.keeper, placeOf(no, i>>pageBits), endOf(no)).id = id[K, N]{t.space, key}
	t.n++
	if same := g.index.link(i, hash); same >= crowd && !g.crowded {
		t.hashWhole(g)
	}
	return i
}

// hashWhole makes the hashes of a group of the whole keys.
func (t *Table[K, N, V]) hashWhole(g *group[K, N, V]) {
	g.crowded = true
	clear(g.index)
	for i := range g.n {
		g.index.link(i, t.hash(g, g.at(i)))
	}
}

// remove is the slot's: it deletes the current key.
func (t *Table[K, N, V]) remove() bool {
	if t.seq != t.current.seq {
		t.look()
	}
	if !t.has {
		return false
	}
	c, i := t.current, t.entry
	at := c.at()
	no := t.number(c.groups[at])
	g := &t.groups[no]
	g.index.unlink(i, c.of(c.keys[at], c.codes[at], g.crowded)^t.mixed)
	t.Slot.forget()
	t.foresight.forget()
	// The last entry moves into the gap, so that entries stay dense.
	if last := g.n - 1; i != last {
		moved := *g.at(last)
		*t.writable(no, i) = moved
		g.index.relink(last, i, t.hash(g, &moved))
	}
	g.pop(t.keeper, placeOf(no, (g.n-1)>>pageBits), endOf(no))
	t.n--
	return true
}

// writable returns the place of an entry for writing: in a copy of its page, if a snapshot
// sees the one there is.
func (t *Table[K, N, V]) writable(no, i int) *entry[K, N, V] {
	return t.groups[no].writable(t.keeper, i, placeOf(no, i>>pageBits), endOf(no))
}

// hash is the hash by which a group finds an entry.
func (t *Table[K, N, V]) hash(g *group[K, N, V], e *entry[K, N, V]) uint32 {
	c := t.current
	return spread(c.of(e.key, c.codeOf(e.key), g.crowded), c.seed, e.space)
}

// reserve makes room for n more keys in a key group, so that a restore does not grow the
// index step by step.
func (t *Table[K, N, V]) reserve(kg checkpoint.KeyGroup, n int) {
	g := &t.groups[t.number(kg)]
	size := max(len(g.index), minIndex)
	for full(g.n+n, size) {
		size *= 2
	}
	if size != len(g.index) {
		g.index = g.index.resized(size)
	}
}

// A frozen table is what a snapshot sees.
type frozen[K, N comparable, V any] struct {
	*freeze
	groups []frozenGroup[K, N, V]
}

type frozenGroup[K, N comparable, V any] struct {
	list []stamped[entry[K, N, V]]
	n    int
}

// freeze is the synchronous part of a snapshot.
func (t *Table[K, N, V]) freeze() *frozen[K, N, V] {
	f := &frozen[K, N, V]{freeze: t.freezer.freeze(), groups: make([]frozenGroup[K, N, V], len(t.groups))}
	for i := range t.groups {
		g := &t.groups[i]
		f.groups[i] = frozenGroup[K, N, V]{list: g.list, n: g.n}
	}
	t.keeper.afterFreeze()
	t.Slot.forget() // what it takes for its own is the snapshot's now
	return f
}

// release says that the snapshot is written, or will not be. It may be called again.
func (f *frozen[K, N, V]) release() {
	f.groups = nil
	f.freeze.release()
}

// page returns the entries of page p.
func (g *frozenGroup[K, N, V]) page(p int) []entry[K, N, V] {
	return g.list[p].page[:min(pageSize, g.n-p<<pageBits)]
}
