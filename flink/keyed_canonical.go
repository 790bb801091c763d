package flink

import (
	"bytes"
	"errors"
	"fmt"

	"github.com/weirstream/weir/checkpoint"
)

// The canonical layout of keyed state, which does not depend on the state backend (Flink:
// FullSnapshotAsyncWriter, CompositeKeySerializationUtils). After the header, for every
// key group that has entries, in order:
//
//	u16      state number of the first entry
//	then for every entry:
//	bytes32  composite key, whose first bit says that a number follows the value
//	bytes32  value
//	[u16]    state number of the next entry; 0xFFFF ends the key group
//
// The offset of a key group without entries is 0. If the stream is compressed, each key
// group is in frames of its own. The composite key:
//
//	key group      1 byte if the max parallelism is up to 128, otherwise 2
//	key            [length of it]
//	namespace      [length of it]
//	user key       in a state of type MAP
//
// The lengths are there only if key and namespace both vary in length. A timer's
// composite key is the key group and the timer, and its value is empty.
const (
	metaFollows = 0x80   // in the first byte of a composite key
	endOfGroup  = 0xFFFF // as a state number

	// listDelimiter stands between the elements of a list.
	listDelimiter = ','
)

// canonicalGroup decodes the entries of one key group. It returns false if yield did. It
// leaves an error on the cursor, except for an *OpaqueError, which it yields with the entry
// that the error is about.
func (h *KeyedHeader) canonicalGroup(g checkpoint.KeyGroup, prefix int, c *Cursor, yield func(Entry, error) bool) bool {
	numbers := make([]int, len(h.States))
	for state := c.U16(); c.err == nil && state != endOfGroup; {
		if int(state) >= len(h.States) {
			c.Failf("state number %d, but there are %d states", state, len(h.States))
			return true
		}
		e := Entry{Group: g, State: &h.States[state], Number: numbers[state], Offset: c.at()}
		numbers[state]++
		key := c.Bytes32()
		value := c.Bytes32()
		if c.err != nil {
			e.fail(c, c.err)
			return true
		}
		err := h.canonicalEntry(&e, prefix, key, value)
		if err != nil && !isOpaque(err) {
			e.fail(c, err)
			return true
		}
		if !yield(e, err) {
			return false
		}
		if key[0]&metaFollows != 0 {
			state = c.U16()
		}
	}
	return true
}

func (h *KeyedHeader) canonicalEntry(e *Entry, prefix int, key, value []byte) error {
	if got, ok := keyPrefix(key, prefix); !ok || got != e.Group {
		return fmt.Errorf("the key %x is not of key group %d", key, e.Group)
	}
	errKey := h.canonicalKey(e, key[prefix:])
	if errKey != nil && !isOpaque(errKey) {
		return fmt.Errorf("key: %w", errKey)
	}
	errValue := canonicalValue(e, value)
	if errValue != nil && !isOpaque(errValue) {
		return fmt.Errorf("value: %w", errValue)
	}
	return errors.Join(errKey, errValue)
}

func isOpaque(err error) bool {
	var opaque *OpaqueError
	return errors.As(err, &opaque)
}

// canonicalKey decodes what follows the key group in a composite key.
func (h *KeyedHeader) canonicalKey(e *Entry, data []byte) error {
	c := NewCursor(data)
	if e.State.Kind == KindPriorityQueue {
		e.decodeTimer(c)
	} else {
		namespace := e.State.Namespace()
		lengths := h.Key.Length() < 0 && namespace.Length() < 0
		e.Key, e.KeyBytes = c.sized(h.Key, lengths)
		e.Namespace, _ = c.sized(namespace, lengths)
		if e.State.Type() == TypeMap {
			e.UserKey = e.State.Value().(*composite).nested[0].Decode(c)
		}
	}
	c.wantEnd()
	if isOpaque(c.err) { // then it is not known where one part ends and the next begins
		e.Key, e.Namespace, e.UserKey = Opaque{h.Key.TypeName(), append([]byte{}, data...)}, nil, nil
		e.KeyBytes = nil
	}
	return c.err
}

// canonicalValue decodes a value.
func canonicalValue(e *Entry, data []byte) error {
	c := NewCursor(data)
	s := e.State.Value()
	switch {
	case e.State.Kind == KindPriorityQueue: // has been decoded; the value is empty
	case e.State.Type() == TypeList:
		s = s.(*composite).nested[0]
		e.Value = c.delimited(s)
	case e.State.Type() == TypeMap:
		s = s.(*composite).nested[1]
		if c.Bool() {
			return c.err // the bytes that Flink writes then have no meaning
		}
		e.Value = s.Decode(c)
	default:
		e.Value = s.Decode(c)
	}
	c.wantEnd()
	if isOpaque(c.err) {
		e.Value = Opaque{s.TypeName(), append([]byte{}, data...)}
	}
	return c.err
}

// sized decodes a value and, if length is true, the length that follows it. It returns the
// value's bytes, too.
func (c *Cursor) sized(s Serializer, length bool) (Value, []byte) {
	v, data := c.withBytes(s)
	if length {
		want := appendComposedLength(nil, len(data))
		if got := c.Bytes(len(want)); c.err == nil && !bytes.Equal(got, want) {
			c.Failf("length %x of a part of a composite key, want %x", got, want)
		}
	}
	return v, data
}

// delimited reads the elements of a list up to the end of the data.
func (c *Cursor) delimited(element Serializer) []Value {
	list := []Value{}
	for {
		list = append(list, element.Decode(c))
		if c.Remaining() == 0 {
			return list
		}
		if d := c.U8(); d != listDelimiter {
			c.off--
			c.Failf("byte %#x between list elements", d)
			return nil
		}
	}
}

// wantEnd records an error if there are bytes left.
func (c *Cursor) wantEnd() {
	if n := c.Remaining(); n > 0 {
		c.Failf("%d bytes left over", n)
	}
}

// keyPrefix returns the key group at the beginning of a composite key.
func keyPrefix(key []byte, size int) (checkpoint.KeyGroup, bool) {
	if len(key) < size {
		return 0, false
	}
	g := checkpoint.KeyGroup(key[0] &^ metaFollows)
	if size == 2 {
		g = g<<8 | checkpoint.KeyGroup(key[1])
	}
	return g, true
}

// prefixSize finds out how many bytes the key group takes in the composite keys of a block.
// The max parallelism decides that, but it is not in the stream.
func (h *KeyedHeader) prefixSize(g checkpoint.KeyGroup, block []byte) int {
	c := NewCursor(block)
	c.U16()
	key := c.Bytes32()
	if got, ok := keyPrefix(key, 1); ok && got == g && g > 0 {
		return 1
	}
	if g > 0 {
		return 2
	}
	// Key group 0 looks the same in both sizes. With only one of them the rest can be read.
	c = NewCursor(block)
	h.canonicalGroup(g, 1, c, func(Entry, error) bool { return true })
	if c.wantEnd(); c.err == nil {
		return 1
	}
	return 2
}
