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
//   - lastSeq is the seq of the current key only while lastEntry is its entry;
//   - an index slot is hash<<32 | number of the entry + 1, or 0 for none, and the slot
//     of an entry lies at or after (cyclically) the place its hash asks for, with no
//     empty slot in between.
type Table[K comparable, V any] struct {
	first  int // the key group of groups[0]
	groups []group[K, V]
	own    func(K) K // copies a key that would pin foreign memory; may be nil
	// clone copies a value with all that it refers to; nil if values refer to nothing that
	// can be changed. With it, whoever gets a value may change it in place.
	clone func(V) V
	epoch uint32 // stamp of pages made now
	n     int    // entries in all groups
	// The key that was found last, and its entry: user code reads a state and then
	// writes it.
	lastSeq   uint64
	lastEntry int
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
	index []uint64 // a power of two long, or nil
	pages []stamped[K, V]
	n     int    // entries
	list  uint32 // the epoch of the list pages itself
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
func NewTable[K comparable, V any](r checkpoint.KeyGroupRange, own func(K) K) *Table[K, V] {
	return &Table[K, V]{first: r.Start, groups: make([]group[K, V], r.Len()), own: own, epoch: 1}
}

// Len is the number of keys in the table.
func (t *Table[K, V]) Len() int { return t.n }

// Get returns the value of a key.
func (t *Table[K, V]) Get(c *Current[K]) (V, bool) {
	g := t.group(c.Group)
	if c.seq != t.lastSeq {
		i, ok := t.foreseen(c.seq)
		if !ok {
			if i, _, ok = g.find(c.Key, c.Hash); !ok {
				var zero V
				return zero, false
			}
		}
		t.lastSeq, t.lastEntry = c.seq, i
	}
	if t.clone != nil {
		return t.writable(g, t.lastEntry>>pageBits)[t.lastEntry&pageMask].value, true
	}
	return g.pages[t.lastEntry>>pageBits].page[t.lastEntry&pageMask].value, true
}

// Ref returns where the value of a key is, to be changed in place, and whether the key
// was there; if it was not, it is there now, with the zero value. The pointer is good
// until the next call of any method.
func (t *Table[K, V]) Ref(c *Current[K]) (v *V, existed bool) {
	g := t.group(c.Group)
	if c.seq == t.lastSeq {
		return &t.writable(g, t.lastEntry>>pageBits)[t.lastEntry&pageMask].value, true
	}
	i, ok := t.foreseen(c.seq)
	if !ok {
		var at int
		if i, at, ok = g.find(c.Key, c.Hash); !ok {
			key := c.Key
			if t.own != nil {
				key = t.own(key)
			}
			i = t.insert(g, at, key, c.Hash)
		}
	}
	t.lastSeq, t.lastEntry = c.seq, i
	return &t.writable(g, i>>pageBits)[i&pageMask].value, ok
}

// Delete removes a key and tells whether it was there.
func (t *Table[K, V]) Delete(c *Current[K]) bool {
	g := t.group(c.Group)
	i, at, ok := g.find(c.Key, c.Hash)
	if !ok {
		return false
	}
	g.unlink(at)
	t.lastSeq = 0 // no key's: they count from 1
	t.forget()
	// The last entry moves into the gap, so that entries stay dense.
	last := g.n - 1
	from := t.writable(g, last>>pageBits)
	if i != last {
		moved := from[last&pageMask]
		t.writable(g, i>>pageBits)[i&pageMask] = moved
		g.relink(last, i, c.hash(moved.key))
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

// insert appends an entry with the zero value; at is the index slot that find gave.
func (t *Table[K, V]) insert(g *group[K, V], at int, key K, hash uint32) int {
	if full(g.n+1, len(g.index)) {
		g.rebuild(max(minIndex, 2*len(g.index)))
		at = g.vacant(hash)
	}
	i := g.n
	if i&pageMask == 0 {
		t.ownList(g)
		g.pages = append(g.pages, stamped[K, V]{new(page[K, V]), t.epoch})
	}
	t.writable(g, i>>pageBits)[i&pageMask].key = key
	g.index[at] = uint64(hash)<<32 | uint64(i+1)
	g.n++
	t.n++
	return i
}

// writable returns page p for writing: a copy, if a snapshot can see the one there is.
func (t *Table[K, V]) writable(g *group[K, V], p int) *page[K, V] {
	if f := t.frozen.Load(); f != 0 && g.pages[p].epoch <= f {
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
	if f := t.frozen.Load(); f != 0 && g.list <= f {
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
	return f
}

func (f *frozen[K, V]) release() {
	f.groups = nil
	f.table.freezer.release(f.epoch)
}
