// Package keyed is where the engine keeps keyed state: generic tables, one per declared
// state, that are split by key group, snapshot without stopping and restore at another
// parallelism.
//
// A [Table] keeps its entries densely in small pages, one list of pages per key group,
// and finds them by an index beside the pages. A snapshot takes the lists of pages as
// they are; from then on whoever writes to a page that a snapshot can see copies it
// first (pages are stamped with an epoch). So the synchronous part of a snapshot costs
// one small struct per key group, whatever the size of the state, and the snapshot
// needs no index.
//
// A [Backend] holds the tables of one subtask and the key that is being processed, and
// writes and reads Flink's heap native layout (flink.KeyedHeader and the blocks behind
// it).
//
// The package has no goroutine and does no I/O of its own. One goroutine uses a
// backend; a frozen snapshot may be written and released by another.
package keyed

import (
	"hash/maphash"

	"github.com/weirstream/weir/checkpoint"
)

// Current is the key that is being processed: where the handles of user code look.
type Current[K comparable] struct {
	Key   K
	Hash  uint32
	Group checkpoint.KeyGroup
	hash  func(K) uint32
	// seq is another one for every key that becomes the current one, so that a table
	// knows the key it looked for last without comparing keys.
	seq uint64
	ahead[K]
}

// Set makes key the current key.
func (c *Current[K]) Set(key K, group checkpoint.KeyGroup) {
	c.Key, c.Group, c.Hash = key, group, c.hash(key)
	c.seq += Ahead + 1 // none of those that were looked ahead for
}

// hashOf returns the hash by which tables find keys. It is not Flink's, which decides
// only about the key group: all keys of a group share part of that one, and whoever
// chooses the keys can make them collide. This one is seeded anew in each process.
func hashOf[K comparable]() func(K) uint32 {
	seed := maphash.MakeSeed()
	var zero K
	switch any(zero).(type) {
	case string:
		f := func(s string) uint32 { return uint32(maphash.String(seed, s)) }
		return any(f).(func(K) uint32)
	case int64:
		bits := maphash.Comparable(seed, int64(0))
		f := func(v int64) uint32 { return fold(uint64(v) ^ bits) }
		return any(f).(func(K) uint32)
	}
	return func(k K) uint32 { return uint32(maphash.Comparable(seed, k)) }
}

// fold mixes 64 bits down to 32 (the finaliser of splitmix64).
func fold(x uint64) uint32 {
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return uint32(x ^ x>>31)
}
