package keyed

import (
	"hash/maphash"
	"math/bits"
	"math/rand/v2"
	"unsafe"

	"github.com/weirstream/weir/checkpoint"
)

// Current is the key that is being processed: where the handles of user code look. It is
// one of a run of keys that were given together.
//
// Key i of the run is current while seq is base+1+i; while seq is base, none is. No two
// keys that were ever current have the same seq, so that a table knows the key it looked
// for last without comparing keys.
type Current[K comparable] struct {
	seq, base uint64
	keys      []K
	codes     []int32 // Flink's hash codes
	groups    []checkpoint.KeyGroup
	hasher[K]
	// For a run of one, which set makes.
	key   [1]K
	code  [1]int32
	group [1]checkpoint.KeyGroup
}

// begin makes keys the run; none of them is the current key yet. The slices must stay as
// they are until the next run begins, or the end.
func (c *Current[K]) begin(keys []K, codes []int32, groups []checkpoint.KeyGroup) {
	c.base += Ahead + 1
	c.seq = c.base
	c.keys, c.codes, c.groups = keys, codes, groups
}

// Next makes the next key of the run the current one.
func (c *Current[K]) Next() { c.seq++ }

// End ends the run: there is no current key, and the slices may change.
func (c *Current[K]) End() { c.begin(nil, nil, nil) }

// Key is the current key; the zero key if there is none.
func (c *Current[K]) Key() (key K) {
	if i := c.at(); i < uint64(len(c.keys)) {
		key = c.keys[i]
	}
	return key
}

// at is which key of the run is the current one; if none is, it is larger than all numbers
// of keys.
func (c *Current[K]) at() uint64 { return c.seq - c.base - 1 }

// set makes key the current key, alone.
func (c *Current[K]) set(key K, group checkpoint.KeyGroup) {
	c.key[0], c.code[0], c.group[0] = key, c.codeOf(key), group
	c.begin(c.key[:], c.code[:], c.group[:])
	c.Next()
}

// A hasher makes the hashes by which tables find keys.
type hasher[K comparable] struct {
	codeOf func(K) int32 // Flink's hash code
	secret [2]uint64     // different in each process
	seed   maphash.Seed
}

func newHasher[K comparable](codeOf func(K) int32) hasher[K] {
	return hasher[K]{codeOf: codeOf, secret: [2]uint64{rand.Uint64(), rand.Uint64()}, seed: maphash.MakeSeed()}
}

// mix makes a hash of Flink's hash code: the two halves of a product, as in wyhash, of the
// code mixed with one secret and with another. The code itself will not do. Keys of a group
// have key group and subtask in common, and so some bits of what Flink makes of the code;
// and a user who knew which place a code asks for could choose keys that all ask for one.
// If only one of the factors were made of the code, codes at equal distances would ask for
// places at equal distances, which for some secrets are few.
func (h *hasher[K]) mix(code int32) uint32 {
	x := uint64(uint32(code)) * (1<<32 + 1) // in both halves
	hi, lo := bits.Mul64(x^h.secret[0], x^h.secret[1])
	return uint32(hi ^ lo)
}

// strong is the hash of a whole key, for where many have the same hash code, by chance or
// because they were chosen so. The code is part of it: 0 and -0 are equal, and have two
// codes.
func (h *hasher[K]) strong(key K, code int32) uint32 {
	return uint32(maphash.Comparable(h.seed, key)) ^ h.mix(code)
}

// of is the hash of a key: of the whole key, or only of its code.
func (h *hasher[K]) of(key K, code int32, whole bool) uint32 {
	if whole {
		return h.strong(key, code)
	}
	return h.mix(code)
}

// spread is the hash of a key in a namespace, made of that of the key. Without namespaces
// it is the same.
func spread[N comparable](hash uint32, seed maphash.Seed, space N) uint32 {
	if unsafe.Sizeof(space) == 0 {
		return hash
	}
	return spaceHash(seed, space) ^ hash
}

func spaceHash[N comparable](seed maphash.Seed, space N) uint32 {
	return uint32(maphash.Comparable(seed, space))
}
