package flink

import (
	"fmt"
	"math"

	"github.com/weirstream/weir/checkpoint"
)

// An Entry is one entry of keyed state: the value of one key and namespace in a state,
// one entry of its map, or one timer.
type Entry struct {
	Group     checkpoint.KeyGroup
	State     *StateMeta // of the header it came with
	Key       Value
	Namespace Value // nil for VoidNamespace

	// UserKey is the key within the map, in a state of type MAP. Such a state has an Entry
	// for each entry of its map, in every layout. A map without entries, which only the
	// heap native layout can hold, has no Entry.
	UserKey Value

	// Value is the value; []Value in a state of type LIST, TimerValue in a queue.
	Value Value

	// KeyBytes is the key as its serializer wrote it, nil if that is not known. It is a part
	// of the key group's bytes, and keeps them in memory.
	KeyBytes []byte

	// Number counts the entries of the state in the key group, from 0. The entries of a map
	// that were written together have the same number. Offset is where the entry begins: in
	// the stream, or, if that is compressed, in the decompressed bytes of the key group.
	Number int
	Offset int64
}

// An EntryError says which entry cannot be decoded.
type EntryError struct {
	State  string
	Number int   // see Entry
	Offset int64 // see Entry
	Err    error
}

func (e *EntryError) Error() string {
	return fmt.Sprintf("state %q, entry %d at byte %d: %v", e.State, e.Number, e.Offset, e.Err)
}

func (e *EntryError) Unwrap() error { return e.Err }

// A GroupError says which key group an error is about.
type GroupError struct {
	Group      checkpoint.KeyGroup
	Offset     int64 // where it begins in the stream
	Compressed bool  // offsets in Err are in the decompressed bytes of the key group
	Err        error
}

func (e *GroupError) Error() string {
	unit := ""
	if e.Compressed {
		unit = ", decompressed"
	}
	return fmt.Sprintf("key group %d, at byte %d%s: %v", e.Group, e.Offset, unit, e.Err)
}

func (e *GroupError) Unwrap() error { return e.Err }

// fail records on the cursor that err is about e. err may be the error of the cursor itself.
func (e *Entry) fail(c *Cursor, err error) {
	c.err = &EntryError{State: e.State.Name, Number: e.Number, Offset: e.Offset, Err: err}
}

// decodeTimer reads an element of a queue.
func (e *Entry) decodeTimer(c *Cursor) {
	s, ok := e.State.Value().(*composite)
	if !ok || s.kind != timerKind {
		e.Value = e.State.Value().Decode(c)
		return
	}
	t := TimerValue{Timestamp: c.I64() ^ math.MinInt64}
	t.Key, e.KeyBytes = c.withBytes(s.nested[0])
	t.Namespace = s.nested[1].Decode(c)
	e.Key, e.Namespace, e.Value = t.Key, t.Namespace, t
}

// withBytes reads a value and returns its bytes, too, or nil after an error.
func (c *Cursor) withBytes(s Serializer) (Value, []byte) {
	at := c.off
	v := s.Decode(c)
	if c.err != nil {
		return v, nil
	}
	return v, c.data[at:c.off:c.off]
}
