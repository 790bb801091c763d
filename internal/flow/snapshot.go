package flow

import (
	"io"

	"github.com/weirstream/weir/checkpoint"
	"github.com/weirstream/weir/flink"
)

// A Snapshot is an operator's state as it was at a barrier: what remains to be written
// once processing goes on.
type Snapshot struct {
	Keyed KeyedSnapshot // nil if there is no keyed state
	Lists []ListState   // operator state; small, already encoded
	Maps  []MapState    // broadcast state, already encoded
}

// A KeyedSnapshot is the frozen keyed state of one subtask. It may be written from
// another goroutine while the operator processes on.
type KeyedSnapshot interface {
	// Range is the key groups it covers.
	Range() checkpoint.KeyGroupRange
	// Write writes the state in Flink's heap native layout and returns, per key group
	// of Range, the offset at which it begins.
	Write(w io.Writer) (offsets []int64, err error)
	// Release unfreezes: the operator need no longer preserve what it overwrites. It is
	// called once, from any goroutine, whether or not Write was called.
	Release()
}

// A ListState is named operator state: a list of elements, each encoded. If there are as
// many subtasks as before, each is restored with its own elements; otherwise the elements of
// all subtasks are pooled and dealt out anew.
type ListState struct {
	Name string
	// Element says how the elements are encoded: nil for plain bytes. Restored, it is how
	// they were written.
	Element  flink.Serializer
	Elements [][]byte
}

// A MapState is a broadcast map, of which each subtask has a copy. Restored, each subtask
// gets the copy of one.
type MapState struct {
	Name string
	// Key and Value say how the entries are encoded. Restored, it is how they were written.
	Key, Value flink.Serializer
	// Data is the number of entries, 32 bits, and each key with its value.
	Data []byte
}

// A KeyedPart is a piece of keyed state to restore from: what one subtask wrote.
type KeyedPart struct {
	Range   checkpoint.KeyGroupRange
	Offsets []int64 // per key group of Range, where it begins in Data
	Data    io.ReaderAt
	Size    int64
	From    string // for error messages: the file, or that it is inline
}

// Restored is the state a subtask starts from: all keyed parts that hold key groups of
// its range, its share of the operator state, and a copy of the broadcast state.
type Restored struct {
	Keyed []KeyedPart
	Lists []ListState
	Maps  []MapState
}

// List returns the elements of the named list, or nil.
func (r *Restored) List(name string) [][]byte {
	if r == nil {
		return nil
	}
	for _, l := range r.Lists {
		if l.Name == name {
			return l.Elements
		}
	}
	return nil
}
