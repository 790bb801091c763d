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
	states    []state
	sweepers  []sweeper
	sealed    bool
}

// NewBackend makes a backend without states for a range of key groups. codeOf is Flink's
// hash code of a key.
func NewBackend[K comparable](r checkpoint.KeyGroupRange, c codec.Codec[K], codeOf func(K) int32) *Backend[K] {
	return &Backend[K]{Current: Current[K]{hasher: newHasher(codeOf)}, keyGroups: r, codec: c, own: codec.OwnerOf[K]()}
}

// Set makes key the current key, alone.
func (b *Backend[K]) Set(key K, group checkpoint.KeyGroup) { b.Current.set(key, group) }

// add declares a state.
func (b *Backend[K]) add(s state) error {
	name := s.describe().Name
	if name == "" {
		return fmt.Errorf("a state has no name: it is how a restart finds it again")
	}
	for _, other := range b.states {
		if other.describe().Name == name {
			return fmt.Errorf("declared twice: give each state of an operator a name of its own")
		}
	}
	if b.sealed {
		return fmt.Errorf("declared too late, when a checkpoint had been restored already: declare it before the function that processes records is returned")
	}
	b.states = append(b.states, s)
	return nil
}

// Seal ends the time for declaring states. One that is declared later would not be restored.
func (b *Backend[K]) Seal() { b.sealed = true }

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
