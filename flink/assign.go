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

// JavaStringHash is String.hashCode over the UTF-16 units that AppendString writes.
func JavaStringHash(s string) int32 {
	// Eight units a step, if they are ASCII: neighbours are joined to four numbers of 16
	// bits, those to two of 32 bits, and those to one. Only h waits for the step before.
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

// JavaIntHash is the hashCode of Integer, Short, Byte and Character.
func JavaIntHash(v int32) int32 { return v }

// JavaLongHash is Long.hashCode.
func JavaLongHash(v int64) int32 { return int32(v) ^ int32(v>>32) }

// JavaFloatHash is Float.hashCode: all NaNs are one, 0 and -0 are two.
func JavaFloatHash(v float32) int32 {
	if v != v {
		return 0x7FC00000
	}
	return int32(math.Float32bits(v))
}

// JavaDoubleHash is Double.hashCode: all NaNs are one, 0 and -0 are two.
func JavaDoubleHash(v float64) int32 {
	if v != v {
		return 0x7FF80000 // and 32 zero bits, which change nothing
	}
	return JavaLongHash(int64(math.Float64bits(v)))
}

// JavaBoolHash is Boolean.hashCode.
func JavaBoolHash(v bool) int32 {
	if v {
		return 1231
	}
	return 1237
}

// JavaBytesHash is Arrays.hashCode of a byte[], by which Weir places the keys of types that
// Flink does not have: 1, and then for each byte, as a signed number, 31 times the hash
// so far plus the byte.
func JavaBytesHash(b []byte) int32 {
	h := int32(1)
	for _, x := range b {
		h = 31*h + int32(int8(x))
	}
	return h
}

// JavaTupleHash is the hashCode of Flink's tuple of fields with these hash codes; that
// of a null is 0.
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
	x ^= 4 // the length in bytes of what is hashed
	x ^= x >> 16
	x *= 0x85EBCA6B
	x ^= x >> 13
	x *= 0xC2B2AE35
	x ^= x >> 16
	// The absolute value, and 0 for the one number that has none; without a branch, as
	// the sign of a hash cannot be predicted.
	m := int32(x)
	sign := m >> 31
	return ((m ^ sign) - sign) & math.MaxInt32
}

// KeyGroupOf is the key group of a key with the given hash code. Like all functions
// here it wants 1 ≤ maxParallelism ≤ checkpoint.MaxMaxParallelism.
func KeyGroupOf(hash int32, maxParallelism int) checkpoint.KeyGroup {
	m, n := uint32(Murmur(hash)), uint32(maxParallelism)
	if n&(n-1) == 0 { // as it mostly is; a division would cost more than the hash
		return checkpoint.KeyGroup(m & (n - 1))
	}
	return checkpoint.KeyGroup(m % n)
}

// SubtaskOf is the subtask that a key group is assigned to, of as many as there are.
func SubtaskOf(g checkpoint.KeyGroup, maxParallelism, parallelism int) checkpoint.Subtask {
	return checkpoint.Subtask(int(g) * parallelism / maxParallelism)
}

// KeyGroupRangeOf is the range of the key groups for which SubtaskOf is subtask.
func KeyGroupRangeOf(subtask checkpoint.Subtask, maxParallelism, parallelism int) checkpoint.KeyGroupRange {
	i := int(subtask)
	return checkpoint.KeyGroupRange{
		Start: (i*maxParallelism + parallelism - 1) / parallelism,
		End:   ((i+1)*maxParallelism - 1) / parallelism,
	}
}

// DefaultMaxParallelism is the max parallelism of an operator that sets none, from
// its parallelism at the first start: half as much again, rounded up to a power of
// two, and at least 128.
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

// OperatorIDOf is the id of the operator with the given uid.
func OperatorIDOf(uid string) checkpoint.OperatorID { return murmur128(uid) }

// JobIDOf is the id of a job that is given none, from its name. Flink draws such ids
// by lot; Weir derives them, so that a job finds its checkpoints again.
func JobIDOf(name string) checkpoint.JobID { return murmur128(name) }

// murmur128 is MurmurHash3_x64_128 in the byte order in which Flink keeps it.
func murmur128(s string) (sum [16]byte) {
	h1, h2 := murmur3.StringSum128(s)
	binary.LittleEndian.PutUint64(sum[:8], h1)
	binary.LittleEndian.PutUint64(sum[8:], h2)
	return sum
}
