package flink

import "github.com/weirstream/weir/checkpoint"

// An Entry is one entry of keyed state: the value of one key and namespace in a state,
// one entry of its map, or one timer.
type Entry struct {
	Group     checkpoint.KeyGroup
	State     *StateMeta // of the header it came with
	Key       Value
	Namespace Value // nil for VoidNamespace

	// UserKey is the key within the map; only in a state of type MAP, which has an
	// Entry for each entry of its map, whatever the layout. A map without entries,
	// which only the heap native layout can hold, has none.
	UserKey Value

	// Value is the value; []Value in a state of type LIST, TimerValue in a queue.
	Value Value
}

// setTimer makes e the entry of an element of a queue.
func (e *Entry) setTimer(element Value) {
	e.Value = element
	if t, ok := element.(TimerValue); ok {
		e.Key, e.Namespace = t.Key, t.Namespace
	}
}
