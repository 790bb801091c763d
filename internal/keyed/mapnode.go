package keyed

import "slices"

// A pair is an entry of a map.
type pair[UK comparable, UV any] struct {
	key   UK
	value UV
}

// A mapNode is the map of one key: pairs in no particular order. A few are in a slice and
// found by looking at each. More are in pages, and found by an index.
//
// A node is shared with snapshots, and when its epoch is one that a snapshot sees it is
// copied before it is changed: a few pairs whole, otherwise the list of pages and then page
// by page. The index is not a snapshot's, so it is not copied.
//
// A pair is copied by assignment. A key that is not equal to itself, as NaN, is not in the
// index: it is never found.
type mapNode[UK comparable, UV any] struct {
	epoch uint32
	few   []pair[UK, UV]
	many  *manyPairs[UK, UV] // nil if there are few
}

type manyPairs[UK comparable, UV any] struct {
	pages[pair[UK, UV]]
	index *segments
}

// fewPairs is how many pairs are few.
const fewPairs = pageSize

// whole is the place of a map in the order of writing: it may be needed as long as the
// snapshot is alive.
const whole = ^place(0)

func (m *mapNode[UK, UV]) len() int {
	if m.many != nil {
		return m.many.n
	}
	return len(m.few)
}

func (m *mapNode[UK, UV]) at(i int) *pair[UK, UV] {
	if m.many != nil {
		return m.many.at(i)
	}
	return &m.few[i]
}

// find returns which pair has a key, or none.
func (m *mapNode[UK, UV]) find(key UK, hash func(UK) uint32) int {
	if m.many != nil {
		return m.many.find(key, hash(key))
	}
	for i := range m.few {
		if m.few[i].key == key {
			return i
		}
	}
	return none
}

func (m *manyPairs[UK, UV]) find(key UK, hash uint32) int {
	x := m.index.of(hash).index
	mask := uint(len(x) - 1)
	for at := uint(hash) & mask; x[at] != 0; at = (at + 1) & mask {
		if uint32(x[at]>>32) == hash {
			if i := int(uint32(x[at])) - 1; m.at(i).key == key {
				return i
			}
		}
	}
	return none
}

// copied returns a copy that may be changed, of which this one sees nothing.
func (m *mapNode[UK, UV]) copied(k *keeper[pair[UK, UV]]) *mapNode[UK, UV] {
	c := &mapNode[UK, UV]{epoch: k.freezer.epoch}
	if m.many == nil {
		c.few = append(make([]pair[UK, UV], 0, cap(m.few)), m.few...)
		return c
	}
	many := *m.many // the pages are copied one by one
	c.many = &many
	return c
}

// writable returns pair i for writing.
func (m *mapNode[UK, UV]) writable(k *keeper[pair[UK, UV]], i int) *pair[UK, UV] {
	if m.many != nil {
		return m.many.writable(k, i, whole, whole)
	}
	return &m.few[i]
}

// add adds a pair whose key is not there.
func (m *mapNode[UK, UV]) add(k *keeper[pair[UK, UV]], p pair[UK, UV], hash func(UK) uint32) {
	if m.many == nil {
		if len(m.few) < fewPairs {
			m.few = append(m.few, p)
			return
		}
		m.many = &manyPairs[UK, UV]{index: newSegments()}
		for i := range m.few {
			m.push(k, m.few[i], hash)
		}
		m.few = nil
	}
	m.push(k, p, hash)
}

func (m *mapNode[UK, UV]) push(k *keeper[pair[UK, UV]], p pair[UK, UV], hash func(UK) uint32) {
	i := m.many.n
	*m.many.push(k, whole, whole) = p
	if p.key == p.key {
		m.many.index.link(i, hash(p.key))
	}
}

// remove removes pair i. The walks are those over this map. What a walk has not come to
// is the pairs below its place: there the last of them takes the place of one that goes, so
// that the walk neither misses a pair nor comes to one twice.
func (m *mapNode[UK, UV]) remove(k *keeper[pair[UK, UV]], i int, hash func(UK) uint32, walks []*walk[UK, UV]) {
	if key := m.at(i).key; m.many != nil && key == key {
		m.many.index.unlink(i, hash(key))
	}
	slices.SortFunc(walks, func(a, b *walk[UK, UV]) int { return a.left - b.left })
	for _, w := range walks {
		if i < w.left {
			w.left--
			m.move(k, w.left, i, hash)
			i = w.left
		}
	}
	last := m.len() - 1
	m.move(k, last, i, hash)
	if m.many == nil {
		m.few[last] = pair[UK, UV]{}
		m.few = m.few[:last]
		return
	}
	m.many.pop(k, whole, whole)
	if last <= fewPairs/4 {
		few := make([]pair[UK, UV], 0, fewPairs/4)
		for i := range last {
			few = append(few, *m.at(i))
		}
		m.few, m.many = few, nil
	}
}

// move gives pair from another number.
func (m *mapNode[UK, UV]) move(k *keeper[pair[UK, UV]], from, to int, hash func(UK) uint32) {
	if from == to {
		return
	}
	p := *m.at(from)
	*m.writable(k, to) = p
	if m.many != nil && p.key == p.key {
		m.many.index.relink(from, to, hash(p.key))
	}
}
