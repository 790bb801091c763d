package crashfs

import (
	"math"
	"math/bits"
)

// Numbers of states are products of many factors. They stop at the largest uint64 and do
// not wrap around.

func mul(a, b uint64) uint64 {
	hi, lo := bits.Mul64(a, b)
	if hi != 0 {
		return math.MaxUint64
	}
	return lo
}

func add(a, b uint64) uint64 {
	sum, carry := bits.Add64(a, b, 0)
	if carry != 0 {
		return math.MaxUint64
	}
	return sum
}

// random is splitmix64: it draws the same numbers on every machine and in every release of
// Go.
type random uint64

func (r *random) next() uint64 {
	*r += 0x9E3779B97F4A7C15
	z := uint64(*r)
	z = (z ^ z>>30) * 0xBF58476D1CE4E5B9
	z = (z ^ z>>27) * 0x94D049BB133111EB
	return z ^ z>>31
}

// below is a number from 0 up to but not including n; n is small, so the slight
// preference of lower numbers does not matter.
func (r *random) below(n int) int { return int(r.next() % uint64(n)) }
