package keyed

import (
	"fmt"

	"github.com/weirstream/weir/checkpoint"
	"github.com/weirstream/weir/flink"
	"github.com/weirstream/weir/internal/codec"
)

// A Backend is the keyed state of one subtask: its declared states, and the key that is
// being processed.
type Backend[K comparable] struct {
	// Current is the key that handles look at.
	Current   Current[K]
	keyGroups checkpoint.KeyGroupRange
	codec     codec.Codec[K]
	own       func(K) K
	states    []state[K]
}

// NewBackend makes a backend without states for a range of key groups.
func NewBackend[K comparable](r checkpoint.KeyGroupRange, c codec.Codec[K]) *Backend[K] {
	return &Backend[K]{Current: Current[K]{hash: hashOf[K]()}, keyGroups: r, codec: c, own: codec.OwnerOf[K]()}
}

// add declares a state.
func (b *Backend[K]) add(s state[K]) error {
	name := s.describe().Name
	if name == "" {
		return fmt.Errorf("a state has no name: it is how a restart finds it again")
	}
	for _, other := range b.states {
		if other.describe().Name == name {
			return fmt.Errorf("declared twice: give each state of an operator a name of its own")
		}
	}
	b.states = append(b.states, s)
	return nil
}

// Entries is the number of entries in all states.
func (b *Backend[K]) Entries() int {
	n := 0
	for _, s := range b.states {
		n += s.size()
	}
	return n
}

func (b *Backend[K]) header() *flink.KeyedHeader {
	h := &flink.KeyedHeader{Key: b.codec.Serializer()}
	for _, s := range b.states {
		h.States = append(h.States, s.describe())
	}
	return h
}
