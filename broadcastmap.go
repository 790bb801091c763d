package weir

import (
	"bytes"
	"errors"
	"fmt"
	"iter"
	"slices"

	"github.com/weirstream/weir/flink"
	"github.com/weirstream/weir/internal/codec"
	"github.com/weirstream/weir/internal/flow"
)

// A BroadcastMap is a map of which each subtask of a [BroadcastProcess] or [BroadcastFlatMap]
// has a copy. All functions may read it; only the one for broadcast records may change it.
// Put, Remove and Clear panic elsewhere. A value must not be changed in place: put a new one.
//
// It is operator state, in Flink's format: each subtask writes its copy to a checkpoint, and
// after a restart, also at another parallelism, all begin with one of them.
type BroadcastMap[BK comparable, BV any] struct{ of *broadcastMap[BK, BV] }

// NewBroadcastMap declares a broadcast map. The name is its identity in the checkpoint, unique
// within the operator. It is called when the operator is opened.
func NewBroadcastMap[BK comparable, BV any](c SideContext, name string, opts ...StateOption) BroadcastMap[BK, BV] {
	p := c.plain()
	m := &broadcastMap[BK, BV]{of: p.broadcasts, name: name, entries: make(map[BK]*broadcastEntry[BK, BV])}
	err := m.declare(p, collect(opts))
	if err != nil {
		p.fail(fmt.Errorf("broadcast map %q: %w", name, err))
	}
	return BroadcastMap[BK, BV]{m}
}

// Get returns what the map holds under k, and whether it does.
func (m BroadcastMap[BK, BV]) Get(k BK) (v BV, ok bool) {
	if e := m.of.entries[k]; e != nil {
		return e.value, true
	}
	return v, false
}

// Len returns the number of entries.
func (m BroadcastMap[BK, BV]) Len() int { return len(m.of.sorted) }

// All returns the entries, as they are when the sequence begins to be read, in the order of
// their encoded keys, which is the same in each subtask.
func (m BroadcastMap[BK, BV]) All() iter.Seq2[BK, BV] { return m.of.all }

// Put sets what the map holds under k.
func (m BroadcastMap[BK, BV]) Put(k BK, v BV) { m.of.put(k, v) }

// Remove deletes k.
func (m BroadcastMap[BK, BV]) Remove(k BK) { m.of.remove(k) }

// Clear deletes all entries.
func (m BroadcastMap[BK, BV]) Clear() {
	m.of.change()
	clear(m.of.entries)
	m.of.sorted = nil
}

// A broadcastMap is what is behind a BroadcastMap. An entry is encoded when it is put, so a
// checkpoint has no work with entries that have not changed.
type broadcastMap[BK comparable, BV any] struct {
	of      *broadcastMaps
	name    string
	keys    codec.Codec[BK]
	values  codec.Codec[BV]
	entries map[BK]*broadcastEntry[BK, BV]
	sorted  []*broadcastEntry[BK, BV] // by their encoded keys
	readers int                       // sequences over sorted that have begun and not ended
	whole   []byte                    // all entries, as a checkpoint has them; nil after a change
}

type broadcastEntry[BK comparable, BV any] struct {
	key     BK
	value   BV
	encoded []byte // key and value
	keySize int
}

func (e *broadcastEntry[BK, BV]) sortsAs(key []byte) int {
	return bytes.Compare(e.encoded[:e.keySize], key)
}

func (m *broadcastMap[BK, BV]) declare(c *Context, given stateOptions) (err error) {
	switch {
	case c.opened:
		return Permanent(errors.New("declared too late: declare it before the functions that process records are returned"))
	case m.of == nil:
		m.of = &broadcastMaps{}
		return errors.New("the operator has no broadcast input: use BroadcastProcess or BroadcastFlatMap")
	case m.name == "":
		return errors.New("it has no name: it is how a restart finds it again")
	case given.ttl != nil:
		return errors.New("it cannot have a time to live: remove entries by broadcast records")
	case slices.Contains(m.of.names, m.name):
		return errors.New("declared twice: give each state of an operator a name of its own")
	}
	if m.keys, err = chosen[BK](given.keyCodec); err != nil {
		return err
	}
	if m.values, err = chosen[BV](given.codec); err != nil {
		return err
	}
	m.of.names, m.of.all = append(m.of.names, m.name), append(m.of.all, m)
	return m.restore(c.restoredMap(m.name))
}

// change is called before each change.
func (m *broadcastMap[BK, BV]) change() {
	if !m.of.writable {
		panic(errNotBroadcast(m.name))
	}
	m.whole = nil
	if m.readers > 0 {
		m.sorted = slices.Clone(m.sorted)
	}
}

func (m *broadcastMap[BK, BV]) put(k BK, v BV) {
	m.change()
	if err := m.insert(k, v); err != nil {
		panic(err)
	}
}

func (m *broadcastMap[BK, BV]) insert(k BK, v BV) (err error) {
	if k != k {
		return errUnequal(m.name, k)
	}
	e := &broadcastEntry[BK, BV]{key: k, value: v}
	if e.encoded, err = m.keys.Append(nil, k); err != nil {
		return Permanent(fmt.Errorf("broadcast map %q: key %v: %w", m.name, k, err))
	}
	e.keySize = len(e.encoded)
	if e.encoded, err = m.values.Append(e.encoded, v); err != nil {
		return Permanent(fmt.Errorf("broadcast map %q: value of key %v: %w", m.name, k, err))
	}
	if old := m.entries[k]; old != nil { // 0 and -0 are one key, with two encodings
		at, _ := m.find(old.encoded[:old.keySize])
		m.sorted = slices.Delete(m.sorted, at, at+1)
	}
	at, _ := m.find(e.encoded[:e.keySize])
	m.sorted = slices.Insert(m.sorted, at, e)
	m.entries[k] = e
	return nil
}

func (m *broadcastMap[BK, BV]) find(key []byte) (int, bool) {
	return slices.BinarySearchFunc(m.sorted, key, (*broadcastEntry[BK, BV]).sortsAs)
}

func (m *broadcastMap[BK, BV]) remove(k BK) {
	m.change()
	if e := m.entries[k]; e != nil {
		at, _ := m.find(e.encoded[:e.keySize])
		m.sorted = slices.Delete(m.sorted, at, at+1)
		delete(m.entries, k)
	}
}

func (m *broadcastMap[BK, BV]) all(yield func(BK, BV) bool) {
	m.readers++
	defer func() { m.readers-- }()
	for _, e := range m.sorted {
		if !yield(e.key, e.value) {
			return
		}
	}
}

func (m *broadcastMap[BK, BV]) snapshot() flow.MapState {
	if m.whole == nil {
		m.whole = flink.AppendI32(nil, int32(len(m.sorted)))
		for _, e := range m.sorted {
			m.whole = append(m.whole, e.encoded...)
		}
	}
	return flow.MapState{Name: m.name, Key: m.keys.Serializer(), Value: m.values.Serializer(), Data: m.whole}
}

// restore takes in what a checkpoint holds; s may be nil.
func (m *broadcastMap[BK, BV]) restore(s *flow.MapState) error {
	if s == nil {
		return nil
	}
	if err := codec.SameKey(m.keys, s.Key); err != nil {
		return err
	}
	values, err := codec.Reading(m.values, s.Value)
	if err != nil {
		return err
	}
	c := flink.NewCursor(s.Data)
	for n := range c.Count("entries", 1) {
		k, size, err := m.keys.Decode(s.Data[c.Offset():])
		if err != nil {
			return fmt.Errorf("restored entry %d: key: %w", n, err)
		}
		c.Bytes(size)
		v, size, err := values.Decode(s.Data[c.Offset():])
		if err != nil {
			return fmt.Errorf("restored entry %d: value of key %v: %w", n, k, err)
		}
		c.Bytes(size)
		if m.entries[k] != nil {
			return fmt.Errorf("restored entry %d: the key %v is there twice", n, k)
		}
		if err := m.insert(k, v); err != nil {
			return err
		}
	}
	if c.Err() == nil && c.Remaining() > 0 {
		c.Failf("%d bytes are left after the last entry", c.Remaining())
	}
	return c.Err()
}
