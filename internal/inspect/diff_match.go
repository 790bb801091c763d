package inspect

import (
	"github.com/weirstream/weir/flink"
)

// A stateID makes states of an operator in two checkpoints one and the same.
type stateID struct {
	family Family
	name   string
}

// A Family is kinds of state that may become each other when a job changes. States of two
// families with one name have nothing to do with each other. The texts are a contract:
// docs/cli-json.md.
type Family string

const (
	KeyedFamily     Family = "keyed"
	TimerFamily     Family = "timers"
	ListFamily      Family = "operator"
	BroadcastFamily Family = "broadcast"
)

// kind returns in which streams the state is.
func (id stateID) kind() flink.StreamKind {
	if id.family == ListFamily || id.family == BroadcastFamily {
		return flink.ManagedOperatorStream
	}
	return flink.ManagedKeyedStream
}

func (s *State) id() stateID { return stateID{s.Family(), s.Name} }

// Family returns the family of the state.
func (s *State) Family() Family {
	switch s.Kind {
	case timersKind, rawTimersKind:
		return TimerFamily
	case flink.ModeSplitDistribute.String(), flink.ModeUnion.String():
		return ListFamily
	case flink.ModeBroadcast.String():
		return BroadcastFamily
	}
	return KeyedFamily
}

// identity appends what tells the entry apart from the others of its state, and returns what
// it has as a value then. Elements of a list and timers have none: they are there or not.
func (e *Entry) identity(dst []byte) (key []byte, value flink.Value, hasValue bool) {
	switch e.State.Family() {
	case TimerFamily, ListFamily:
		return flink.AppendExact(dst, e.Value), nil, false
	case BroadcastFamily:
		if !e.Keyed { // the whole map, not decoded
			return flink.AppendExact(dst, e.Value), nil, false
		}
	}
	dst = flink.AppendExact(flink.AppendExact(dst, e.Key), e.Namespace)
	if e.InMap {
		dst = flink.AppendExact(dst, e.UserKey)
	}
	return dst, e.Value, true
}

// A Tally counts how the entries of a state on two sides compare.
type Tally struct{ Added, Removed, Changed, Same int64 }

func (t *Tally) add(o Tally) {
	t.Added += o.Added
	t.Removed += o.Removed
	t.Changed += o.Changed
	t.Same += o.Same
}

// Differing returns how many entries are not the same.
func (t Tally) Differing() int64 { return t.Added + t.Removed + t.Changed }

// A Difference is an entry that is not the same on both sides.
type Difference struct {
	Old, New *Entry // nil on the side that does not have it
}

// Entry returns the entry on the side that has it; in B if both have it.
func (d Difference) Entry() *Entry {
	if d.New != nil {
		return d.New
	}
	return d.Old
}

// A matcher finds for each entry of one side the entry of the other. It holds the entries of
// the first side: of a key group, or, where that cannot be, of a whole state.
type matcher struct {
	items   []matchItem
	chains  map[string]chain
	keep    bool // the entries themselves, for differences
	tallies map[stateID]*Tally
	differs []Difference
	buf     []byte
}

// A matchItem is an entry that waits for that of the other side.
type matchItem struct {
	state   *Tally
	value   string
	next    int // the item with the same key that came after this one, 0 for none
	matched bool
	entry   *Entry // if entries are kept
}

// A chain is the items with one key that have not been matched, in their order. Only a list
// may have more than one, as it may have an element several times.
type chain struct{ first, last int }

func newMatcher(keep bool) *matcher {
	return &matcher{
		items:  make([]matchItem, 1), // so that 0 is none
		chains: map[string]chain{}, keep: keep, tallies: map[stateID]*Tally{},
	}
}

// tally returns where entries of a state are counted.
func (m *matcher) tally(s *State) *Tally {
	id := s.id()
	t := m.tallies[id]
	if t == nil {
		t = &Tally{}
		m.tallies[id] = t
	}
	return t
}

// key returns the state and identity of an entry, and its value, exactly. Both are good until
// the next call.
func (m *matcher) key(e *Entry) (key, value []byte) {
	id := e.State.id()
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

func (m *matcher) kept(e *Entry) *Entry {
	if !m.keep {
		return nil
	}
	copied := *e
	return &copied
}

// old takes an entry of the first side.
func (m *matcher) old(e *Entry) {
	key, value := m.key(e)
	i := len(m.items)
	m.items = append(m.items, matchItem{state: m.tally(e.State), value: string(value), entry: m.kept(e)})
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
func (m *matcher) now(e *Entry) {
	key, value := m.key(e)
	t := m.tally(e.State)
	c, ok := m.chains[string(key)]
	if !ok {
		t.Added++
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
		t.Same++
		return
	}
	t.Changed++
	m.differ(item.entry, m.kept(e))
}

// end counts what the second side does not have.
func (m *matcher) end() {
	for i := range m.items[1:] {
		if item := &m.items[i+1]; !item.matched {
			item.state.Removed++
			m.differ(item.entry, nil)
		}
	}
}

func (m *matcher) differ(old, now *Entry) {
	if m.keep {
		m.differs = append(m.differs, Difference{old, now})
	}
}
