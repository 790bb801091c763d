package flink

import (
	"encoding/binary"
	"math"
	"math/bits"

	"github.com/twmb/murmur3"

	"github.com/weirstream/weir/checkpoint"
)

// How Flink assigns: a key's Java hash code, mixed by Murmur, picks the key group; the
// key group picks the subtask; the uid picks the operator id. A key in the wrong key
// group is restored without an error and never found again, so every function here
// must agree with Flink's to the bit.

// JavaStringHash returns String.hashCode over the UTF-16 units that AppendString writes.
func JavaStringHash(s string) int32 {
	// Eight units per step, if they are ASCII: pairs of neighbours are joined to four numbers
	// of 16 bits, then to two of 32 bits, then to one. Only h waits for the step before.
	const (
		p2  = 31 * 31
		p4  = p2 * p2
		p8  = p4 * p4 & math.MaxUint32
		odd = 0x00FF00FF00FF00FF
		low = 0x0000FFFF0000FFFF
	)
	var h uint32
	var all uint64 // the bits of all bytes
	i := 0
	for ; i <= len(s)-8; i += 8 {
		b := s[i : i+8]
		v := uint64(b[0]) | uint64(b[1])<<8 | uint64(b[2])<<16 | uint64(b[3])<<24 | // one load
			uint64(b[4])<<32 | uint64(b[5])<<40 | uint64(b[6])<<48 | uint64(b[7])<<56
		all |= v
		v = v&odd*31 + v>>8&odd
		v = v&low*p2 + v>>16&low
		h = h*p8 + uint32(v*(p4<<32+1)>>32)
	}
	for ; i < len(s); i++ {
		all |= uint64(s[i])
		h = h*31 + uint32(s[i])
	}
	if all&0x8080808080808080 != 0 {
		return javaUnitsHash(s)
	}
	return int32(h)
}

// javaUnitsHash is JavaStringHash for a string that is not all ASCII.
func javaUnitsHash(s string) int32 {
	var few [128]uint16
	var h uint32
	for _, u := range appendUnits(few[:0], s) {
		h = h*31 + uint32(u)
	}
	return int32(h)
}

// JavaIntHash returns the hashCode of Integer, Short, Byte and Character.
func JavaIntHash(v int32) int32 { return v }

// JavaLongHash returns Long.hashCode.
func JavaLongHash(v int64) int32 { return int32(v) ^ int32(v>>32) }

// JavaFloatHash returns Float.hashCode: all NaNs have the same, 0 and -0 have different ones.
func JavaFloatHash(v float32) int32 {
	if v != v {
		return 0x7FC00000
	}
	return int32(math.Float32bits(v))
}

// JavaDoubleHash returns Double.hashCode: all NaNs have the same, 0 and -0 have different
// ones.
func JavaDoubleHash(v float64) int32 {
	if v != v {
		return 0x7FF80000 // and 32 zero bits, which change nothing
	}
	return JavaLongHash(int64(math.Float64bits(v)))
}

// JavaBoolHash returns Boolean.hashCode.
func JavaBoolHash(v bool) int32 {
	if v {
		return 1231
	}
	return 1237
}

// JavaBytesHash returns Arrays.hashCode of a byte[]: it begins with 1 and, for each byte as a
// signed number, takes 31 times the hash so far plus the byte. It is the hash code of keys
// of types that Flink does not have.
func JavaBytesHash(b []byte) int32 {
	h := int32(1)
	for _, x := range b {
		h = 31*h + int32(int8(x))
	}
	return h
}

// JavaTupleHash returns the hashCode of Flink's tuple of fields with these hash codes. A null
// field has the hash code 0.
func JavaTupleHash(first int32, rest ...int32) int32 {
	h := first
	for _, f := range rest {
		h = 31*h + f
	}
	return h
}

// Murmur mixes a hash code as Flink does before it picks a key group. It is never
// negative.
func Murmur(hash int32) int32 {
	x := uint32(hash) * 0xCC9E2D51
	x = bits.RotateLeft32(x, 15) * 0x1B873593
	x = bits.RotateLeft32(x, 13)*5 + 0xE6546B64
	x ^= 4 // the number of bytes that are hashed
	x ^= x >> 16
	x *= 0x85EBCA6B
	x ^= x >> 13
	x *= 0xC2B2AE35
	x ^= x >> 16
	// The absolute value, and 0 for the number that has none. It has no branch, because the
	// sign of a hash cannot be predicted.
	m := int32(x)
	sign := m >> 31
	return ((m ^ sign) - sign) & math.MaxInt32
}

// KeyGroupOf returns the key group of a key with the given hash code. Like all functions
// here it wants 1 ≤ maxParallelism ≤ checkpoint.MaxMaxParallelism.
func KeyGroupOf(hash int32, maxParallelism int) checkpoint.KeyGroup {
	m, n := uint32(Murmur(hash)), uint32(maxParallelism)
	if n&(n-1) == 0 { // the usual case; a division would cost more than the hash
		return checkpoint.KeyGroup(m & (n - 1))
	}
	return checkpoint.KeyGroup(m % n)
}

// SubtaskOf returns the subtask that a key group is assigned to.
func SubtaskOf(g checkpoint.KeyGroup, maxParallelism, parallelism int) checkpoint.Subtask {
	return checkpoint.Subtask(int(g) * parallelism / maxParallelism)
}

// KeyGroupRangeOf returns the key groups for which SubtaskOf returns subtask.
func KeyGroupRangeOf(subtask checkpoint.Subtask, maxParallelism, parallelism int) checkpoint.KeyGroupRange {
	i := int(subtask)
	return checkpoint.KeyGroupRange{
		Start: (i*maxParallelism + parallelism - 1) / parallelism,
		End:   ((i+1)*maxParallelism - 1) / parallelism,
	}
}

// DefaultMaxParallelism returns the max parallelism of an operator that sets none, from its
// parallelism at the first start: 1.5 times that, rounded up to a power of two, and at least
// 128.
func DefaultMaxParallelism(parallelism int) int {
	const least, most = 128, checkpoint.MaxMaxParallelism
	want := parallelism + parallelism/2
	switch {
	case want <= least:
		return least
	case want >= most:
		return most
	default:
		return 1 << bits.Len(uint(want-1))
	}
}

// OperatorIDOf returns the id of the operator with the given uid.
func OperatorIDOf(uid string) checkpoint.OperatorID { return murmur128(uid) }

// JobIDOf returns the id of a job with the given name. Flink draws job ids at random; Weir
// derives them from the name, so that a job finds its checkpoints again.
func JobIDOf(name string) checkpoint.JobID { return murmur128(name) }

// murmur128 returns MurmurHash3_x64_128 in the byte order in which Flink keeps it.
func murmur128(s string) (sum [16]byte) {
	h1, h2 := murmur3.StringSum128(s)
	binary.LittleEndian.PutUint64(sum[:8], h1)
	binary.LittleEndian.PutUint64(sum[8:], h2)
	return sum
}
