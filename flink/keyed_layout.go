package flink

import (
	"encoding/binary"

	"github.com/weirstream/weir/checkpoint"
)

// Layout is the layout of the entries of a keyed state stream.
type Layout uint8

const (
	LayoutHeap      Layout = iota // keyed_heap.go
	LayoutCanonical               // keyed_canonical.go
)

func (l Layout) String() string {
	if l == LayoutHeap {
		return "heap native"
	}
	return "canonical"
}

// probe finds out the layout. Only the tag of a canonical savepoint decides it: old versions
// of Flink used the other tags for both layouts.
func (k *KeyedReader) probe(tag HandleTag) (Layout, error) {
	if tag == TagSavepoint {
		return LayoutCanonical, nil
	}
	// In the heap native layout every key group is there and begins with its number. In the
	// canonical one it begins with a state number and a key length. These bytes can be the
	// same only for key group 0.
	for i, b := range k.blocks {
		if b.len() == 0 {
			return LayoutCanonical, nil
		}
		g := k.groups.Start + i
		if g == 0 || b.len() < 4 {
			continue
		}
		head, err := k.read(span{b.from, b.from + 4})
		if err != nil {
			return 0, err
		}
		if int(int32(binary.BigEndian.Uint32(head))) == g {
			return LayoutHeap, nil
		}
		return LayoutCanonical, nil
	}
	// Only key group 0 has entries: the layout is heap native if all of it can be read so.
	c, err := k.StateBlocks(checkpoint.KeyGroup(k.groups.Start))
	if err != nil {
		return LayoutCanonical, nil
	}
	k.header.heapGroup(0, c, func(Entry, error) bool { return true })
	if c.wantEnd(); c.err != nil && !isOpaque(c.err) {
		return LayoutCanonical, nil
	}
	return LayoutHeap, nil
}
