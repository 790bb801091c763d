package main

import (
	"github.com/weirstream/weir/flink"
)

// A stateID is what makes states of an operator in two checkpoints one and the same.
type stateID struct {
	family family
	name   string
}

// A family is kinds of state that may become each other when a job changes; between
// families a name means nothing.
type family string

const (
	keyedFamily     family = "keyed"
	timerFamily     family = "timers"
	listFamily      family = "operator"
	broadcastFamily family = "broadcast"
)

// kind is in which streams the state is.
func (id stateID) kind() flink.StreamKind {
	if id.family == listFamily || id.family == broadcastFamily {
		return flink.ManagedOperatorStream
	}
	return flink.ManagedKeyedStream
}

// id is the state's identity in its operator.
func (s *stateInfo) id() stateID {
	switch s.Kind {
	case "TIMERS", rawTimers:
		return stateID{timerFamily, s.Name}
	case flink.ModeSplitDistribute.String(), flink.ModeUnion.String():
		return stateID{listFamily, s.Name}
	case flink.ModeBroadcast.String():
		return stateID{broadcastFamily, s.Name}
	}
	return stateID{keyedFamily, s.Name}
}

// identity appends what tells the entry from the others of its state, and returns what it
// has for a value then. Elements of a list and timers have none: they are there or not.
func (e *entry) identity(dst []byte) (key []byte, value flink.Value, hasValue bool) {
	switch e.state.id().family {
	case timerFamily, listFamily:
		return flink.AppendExact(dst, e.value), nil, false
	case broadcastFamily:
		if !e.keyed { // the whole map, undecoded
			return flink.AppendExact(dst, e.value), nil, false
		}
	}
	dst = flink.AppendExact(flink.AppendExact(dst, e.key), e.namespace)
	if e.inMap {
		dst = flink.AppendExact(dst, e.userKey)
	}
	return dst, e.value, true
}

// A tally says how the entries of a state on two sides compare.
type tally struct{ added, removed, changed, same int64 }

func (t *tally) add(o tally) {
	t.added += o.added
	t.removed += o.removed
	t.changed += o.changed
	t.same += o.same
}

// differing is how many entries are not the same.
func (t tally) differing() int64 { return t.added + t.removed + t.changed }

// A difference is an entry that is not the same on both sides.
type difference struct {
	old, now *entry // nil on the side that does not have it
}

// entry is the entry on the side that has it.
func (d difference) entry() *entry {
	if d.now != nil {
		return d.now
	}
	return d.old
}

// A matcher finds for each entry of the one side the entry of the other. It holds the
// entries of the first side: of a key group, or where that cannot be of a whole state.
type matcher struct {
	items   []matchItem
	chains  map[string]chain
	keep    bool // the entries themselves, for differences
	tallies map[stateID]*tally
	differs []difference
	buf     []byte
}

// A matchItem is an entry that waits for the other side's.
type matchItem struct {
	state   *tally
	value   string
	next    int // the item with the same key that came after this one, 0 for none
	matched bool
	entry   *entry // if entries are kept
}

// A chain is the items with one key that have not been matched, in their order. There is
// one of them in all but lists, which may have an element several times.
type chain struct{ first, last int }

func newMatcher(keep bool) *matcher {
	return &matcher{
		items:  make([]matchItem, 1), // so that 0 is none
		chains: map[string]chain{}, keep: keep, tallies: map[stateID]*tally{},
	}
}

// tally is where entries of a state are counted.
func (m *matcher) tally(s *stateInfo) *tally {
	id := s.id()
	t := m.tallies[id]
	if t == nil {
		t = &tally{}
		m.tallies[id] = t
	}
	return t
}

// key is an entry's state and identity, and its value exactly. Both are good until the
// next call.
func (m *matcher) key(e *entry) (key, value []byte) {
	id := e.state.id()
	m.buf = flink.AppendExact(flink.AppendExact(m.buf[:0], string(id.family)), id.name)
	var v flink.Value
	var hasValue bool
	m.buf, v, hasValue = e.identity(m.buf)
	n := len(m.buf)
	if hasValue {
		m.buf = flink.AppendExact(m.buf, v)
	}
	return m.buf[:n], m.buf[n:]
}

func (m *matcher) kept(e entry) *entry {
	if !m.keep {
		return nil
	}
	return &e
}

// old takes an entry of the first side.
func (m *matcher) old(e entry) {
	key, value := m.key(&e)
	i := len(m.items)
	m.items = append(m.items, matchItem{state: m.tally(e.state), value: string(value), entry: m.kept(e)})
	c, ok := m.chains[string(key)]
	if ok {
		m.items[c.last].next = i
		c.last = i
	} else {
		c = chain{i, i}
	}
	m.chains[string(key)] = c
}

// now takes an entry of the second side, after all of the first.
func (m *matcher) now(e entry) {
	key, value := m.key(&e)
	t := m.tally(e.state)
	c, ok := m.chains[string(key)]
	if !ok {
		t.added++
		m.differ(nil, m.kept(e))
		return
	}
	item := &m.items[c.first]
	item.matched = true
	if c.first = item.next; c.first == 0 {
		delete(m.chains, string(key))
	} else {
		m.chains[string(key)] = c
	}
	if item.value == string(value) {
		t.same++
		return
	}
	t.changed++
	m.differ(item.entry, m.kept(e))
}

// end counts what the second side does not have.
func (m *matcher) end() {
	for i := range m.items[1:] {
		if item := &m.items[i+1]; !item.matched {
			item.state.removed++
			m.differ(item.entry, nil)
		}
	}
}

func (m *matcher) differ(old, now *entry) {
	if m.keep {
		m.differs = append(m.differs, difference{old, now})
	}
}
