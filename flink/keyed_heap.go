package flink

import "github.com/weirstream/weir/checkpoint"

// The heap native layout of keyed state (Flink: HeapSnapshotStrategy,
// HeapRestoreOperation). After the header, for every key group of the range, in order and
// without gaps:
//
//	i32    key group
//	then for every state, in any order:
//	i16    state number
//	i32    n
//	n ×    namespace ; key ; value      of a key-value state
//	n ×    timer                        of a queue
//
// The offset of a key group in its handle points at its number. A key group without entries
// is written, too. In a compressed stream, the bytes after the number of the key group are
// compressed, each state in frames of its own.

// AppendKeyGroup appends the head of a key group.
func AppendKeyGroup(dst []byte, g checkpoint.KeyGroup) []byte { return AppendI32(dst, int32(g)) }

// AppendStateBlock appends the head of the entries of one state in a key group. The caller
// appends the entries; StateBlock describes them.
func AppendStateBlock(dst []byte, state, entries int) []byte {
	return AppendI32(AppendI16(dst, int16(state)), int32(entries))
}

// A StateBlock is the head of the entries of one state in a key group. The entries follow
// it. An entry of a key-value state is the namespace, the key and the value; an entry of a
// queue is the timer.
type StateBlock struct {
	State   int // the number of the state in the header
	Entries int
}

// DecodeKeyGroup reads the head of a key group. Another key group is an error.
func DecodeKeyGroup(c *Cursor, want checkpoint.KeyGroup) {
	at := c.off
	if g := c.I32(); c.err == nil && g != int32(want) {
		c.off = at
		c.Failf("key group %d where key group %d should be", g, want)
	}
}

// DecodeStateBlock reads the head of a state block and leaves the cursor at the first
// entry. Call it once per state of the header in each key group. The states may come in any
// order.
func (h *KeyedHeader) DecodeStateBlock(c *Cursor) StateBlock {
	at := c.off
	state := int(c.I16())
	if c.err == nil && (state < 0 || state >= len(h.States)) {
		c.off = at
		c.Failf("state number %d, but there are %d states", state, len(h.States))
	}
	return StateBlock{State: state, Entries: c.Count("entries", 1)}
}

// heapGroup decodes the state blocks of one key group. It returns false if yield did. It
// leaves an error on the cursor.
func (h *KeyedHeader) heapGroup(g checkpoint.KeyGroup, c *Cursor, yield func(Entry, error) bool) bool {
	seen := make([]bool, len(h.States))
	for range h.States {
		b := h.DecodeStateBlock(c)
		if c.err != nil {
			return true
		}
		if seen[b.State] {
			c.Failf("state %q comes twice", h.States[b.State].Name)
			return true
		}
		seen[b.State] = true
		for n := range b.Entries {
			at := c.off
			e := Entry{Group: g, State: &h.States[b.State], Number: n, Offset: c.at()}
			h.heapEntry(&e, c)
			if c.off == at {
				c.Failf("entries without bytes")
			}
			if c.err != nil {
				e.fail(c, c.err)
				return true
			}
			if !e.yieldEach(yield) {
				return false
			}
		}
	}
	return true
}

func (h *KeyedHeader) heapEntry(e *Entry, c *Cursor) {
	if e.State.Kind == KindPriorityQueue {
		e.decodeTimer(c)
		return
	}
	e.Namespace = e.State.Namespace().Decode(c)
	e.Key, e.KeyBytes = c.withBytes(h.Key)
	e.Value = e.State.Value().Decode(c)
}

// yieldEach yields e, or an entry for each entry of its map.
func (e Entry) yieldEach(yield func(Entry, error) bool) bool {
	if e.State.Type() != TypeMap {
		return yield(e, nil)
	}
	m, _ := e.Value.(Map)
	for _, u := range m {
		e.UserKey, e.Value = u.Key, u.Value
		if !yield(e, nil) {
			return false
		}
	}
	return true
}
