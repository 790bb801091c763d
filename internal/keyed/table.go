package keyed

import (
	"sync"
	"sync/atomic"

	"github.com/weirstream/weir/checkpoint"
)

// pageSize is how many entries a page holds. Small pages make the first write after a
// snapshot cheap and waste little on key groups with few keys.
const (
	pageBits = 5
	pageSize = 1 << pageBits
	pageMask = pageSize - 1
)

// Table is one keyed state: a map from key to V for each key group of a range.
//
// Invariants:
//   - entries of a group are dense: entry i is in page i/pageSize at i%pageSize;
//   - a page or list of pages whose epoch is at or below frozen is visible to a
//     snapshot and never written;
//   - entry is that of the current key while the slot knows its place;
//   - an index is never full; a slot of it is hash<<32 | number of the entry + 1, or 0 for
//     none, and the slot of an entry lies at or after (cyclically) the place its hash asks
//     for, with no empty slot in between.
type Table[K comparable, V any] struct {
	Slot[V]
	entry   int // of the current key
	current *Current[K]
	first   int // the key group of groups[0]
	groups  []group[K, V]
	own     func(K) K // copies a key that would pin foreign memory; may be nil
	// clone copies a value with all that it refers to; nil if values refer to nothing that
	// can be changed. With it, whoever gets a value may change it in place.
	clone func(V) V
	epoch uint32 // stamp of pages made now
	n     int    // entries in all groups
	foresight
	freezer
}

// entry is one key with its value.
type entry[K comparable, V any] struct {
	key   K
	value V
}

type page[K comparable, V any] [pageSize]entry[K, V]

type group[K comparable, V any] struct {
	index  []uint64 // a power of two long
	pages  []stamped[K, V]
	n      int    // entries
	list   uint32 // the epoch of the list pages itself
	strong bool   // hashes are made of the whole key
}

// A stamped page is a page and the epoch in which it was made.
type stamped[K comparable, V any] struct {
	*page[K, V]
	epoch uint32
}

// freezer knows which snapshots are still being written.
type freezer struct {
	// frozen is the youngest epoch that some snapshot still sees, 0 for none. It is
	// lowered by whoever releases a snapshot, and read by the table's own goroutine.
	frozen atomic.Uint32
	mu     sync.Mutex
	alive  map[uint32]struct{}
}

func (f *freezer) freeze(epoch uint32) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.alive == nil {
		f.alive = make(map[uint32]struct{})
	}
	f.alive[epoch] = struct{}{}
	f.frozen.Store(max(f.frozen.Load(), epoch))
}

func (f *freezer) release(epoch uint32) {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.alive, epoch)
	var youngest uint32
	for e := range f.alive {
		youngest = max(youngest, e)
	}
	f.frozen.Store(youngest)
}

// NewTable makes an empty table for the key groups of a range. own may be nil.
func NewTable[K comparable, V any](current *Current[K], r checkpoint.KeyGroupRange, own func(K) K) *Table[K, V] {
	t := &Table[K, V]{current: current, first: r.Start, groups: make([]group[K, V], r.Len()), own: own, epoch: 1}
	for i := range t.groups {
		t.groups[i].index = empty[:]
	}
	t.Slot = Slot[V]{now: &current.seq, in: t}
	t.Slot.forget()
	return t
}

// empty is the index of groups without entries: nobody writes to it.
var empty [1]uint64

// Len is the number of keys in the table.
func (t *Table[K, V]) Len() int { return t.n }

// look is the slot's: it finds the current key.
func (t *Table[K, V]) look() {
	c := t.current
	at := c.at()
	if at >= uint64(len(c.keys)) {
		panic(errNoKey)
	}
	g := t.group(c.groups[at])
	i := t.foreseen(c.seq)
	if i == none {
		hash := c.mix(c.codes[at]) // as of does, without a call for every record
		if g.strong {
			hash = c.strong(c.keys[at], c.codes[at])
		}
		i = g.find(c.keys[at], hash)
	}
	t.seq, t.entry = c.seq, i
	if i == none {
		t.ref, t.has, t.mine = &t.zero, false, false
		return
	}
	t.place(g)
	if t.clone != nil && !t.mine {
		t.ensure() // whoever gets it may change it in place
	}
}

// place tells the slot where the entry is.
func (t *Table[K, V]) place(g *group[K, V]) {
	p := &g.pages[t.entry>>pageBits]
	t.ref, t.has, t.mine = &p.page[t.entry&pageMask].value, true, p.epoch > t.frozen.Load()
}

// ensure is the slot's: it inserts the current key, if it is not there.
func (t *Table[K, V]) ensure() (existed bool) {
	if t.seq != t.current.seq {
		t.look()
	}
	c := t.current
	at := c.at()
	g := t.group(c.groups[at])
	existed = t.has
	if !existed {
		key := c.keys[at]
		if t.own != nil {
			key = t.own(key)
		}
		t.entry = t.insert(g, key, c.of(key, c.codes[at], g.strong))
	}
	t.writable(g, t.entry>>pageBits)
	t.place(g)
	return existed
}

// remove is the slot's: it deletes the current key.
func (t *Table[K, V]) remove() bool {
	if t.seq != t.current.seq {
		t.look()
	}
	if !t.has {
		return false
	}
	c, i := t.current, t.entry
	at := c.at()
	g := t.group(c.groups[at])
	g.unlink(i, c.of(c.keys[at], c.codes[at], g.strong))
	t.Slot.forget()
	t.foresight.forget()
	// The last entry moves into the gap, so that entries stay dense.
	last := g.n - 1
	from := t.writable(g, last>>pageBits)
	if i != last {
		moved := from[last&pageMask]
		t.writable(g, i>>pageBits)[i&pageMask] = moved
		g.relink(last, i, t.hash(g, moved.key))
	}
	from[last&pageMask] = entry[K, V]{}
	g.n--
	t.n--
	if g.n&pageMask == 0 {
		t.ownList(g)
		p := len(g.pages) - 1
		g.pages[p] = stamped[K, V]{}
		g.pages = g.pages[:p]
	}
	return true
}

// hash is the hash by which a group finds a key that is not of the run.
func (t *Table[K, V]) hash(g *group[K, V], key K) uint32 {
	return t.current.of(key, t.current.codeOf(key), g.strong)
}

// Reserve makes room for n more keys in a key group, so that a restore does not grow
// the index step by step.
func (t *Table[K, V]) Reserve(kg checkpoint.KeyGroup, n int) {
	g := t.group(kg)
	size := max(len(g.index), minIndex)
	for full(g.n+n, size) {
		size *= 2
	}
	if size != len(g.index) {
		g.rebuild(size)
	}
}

func (t *Table[K, V]) group(kg checkpoint.KeyGroup) *group[K, V] { return &t.groups[int(kg)-t.first] }

// insert appends an entry with the zero value.
func (t *Table[K, V]) insert(g *group[K, V], key K, hash uint32) int {
	if full(g.n+1, len(g.index)) {
		g.rebuild(max(minIndex, 2*len(g.index)))
	}
	i := g.n
	if i&pageMask == 0 {
		t.ownList(g)
		g.pages = append(g.pages, stamped[K, V]{new(page[K, V]), t.epoch})
	}
	t.writable(g, i>>pageBits)[i&pageMask].key = key
	g.n++
	t.n++
	if same := g.link(i, hash); same >= crowd && !g.strong {
		t.strengthen(g)
	}
	return i
}

// strengthen makes the hashes of a group of the whole keys.
func (t *Table[K, V]) strengthen(g *group[K, V]) {
	g.strong = true
	clear(g.index)
	for i := range g.n {
		g.link(i, t.hash(g, g.pages[i>>pageBits].page[i&pageMask].key))
	}
}

// writable returns page p for writing: a copy, if a snapshot can see the one there is.
func (t *Table[K, V]) writable(g *group[K, V], p int) *page[K, V] {
	if g.pages[p].epoch <= t.frozen.Load() {
		t.ownList(g)
		c := *g.pages[p].page
		if t.clone != nil {
			for i := range min(pageSize, g.n-p<<pageBits) {
				c[i].value = t.clone(c[i].value)
			}
		}
		g.pages[p] = stamped[K, V]{&c, t.epoch}
	}
	return g.pages[p].page
}

// ownList makes the list of pages the table's own, if a snapshot can see it.
func (t *Table[K, V]) ownList(g *group[K, V]) {
	if g.list <= t.frozen.Load() {
		g.pages = append(make([]stamped[K, V], 0, len(g.pages)+len(g.pages)/8+1), g.pages...)
	}
	g.list = t.epoch
}

// A frozen table is what a snapshot sees.
type frozen[K comparable, V any] struct {
	table  *Table[K, V]
	epoch  uint32
	groups []frozenGroup[K, V]
}

type frozenGroup[K comparable, V any] struct {
	pages []stamped[K, V]
	n     int
}

// freeze is the synchronous part of a snapshot.
func (t *Table[K, V]) freeze() *frozen[K, V] {
	f := &frozen[K, V]{table: t, epoch: t.epoch, groups: make([]frozenGroup[K, V], len(t.groups))}
	for i := range t.groups {
		g := &t.groups[i]
		f.groups[i] = frozenGroup[K, V]{pages: g.pages, n: g.n}
	}
	t.freezer.freeze(t.epoch)
	t.epoch++
	t.Slot.forget() // what it takes for its own is the snapshot's now
	return f
}

func (f *frozen[K, V]) release() {
	f.groups = nil
	f.table.freezer.release(f.epoch)
}
