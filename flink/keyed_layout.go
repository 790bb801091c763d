package flink

import (
	"encoding/binary"

	"github.com/weirstream/weir/checkpoint"
)

// Layout is how the entries of a keyed state stream are laid out.
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

// probe finds out the layout. The handle's tag says so only if it is that of a
// canonical savepoint, as old versions of Flink used the others for both.
func (k *KeyedReader) probe(tag HandleTag) (Layout, error) {
	if tag == TagSavepoint {
		return LayoutCanonical, nil
	}
	// The heap native layout has all key groups, and each begins with its number. The
	// canonical one begins with a state number and a key length there, which is the
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
	// Only key group 0 is there: heap native if that makes sense of all of it.
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
