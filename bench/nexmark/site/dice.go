package site

import "math/bits"

// dice are random numbers that any language can make: a counter, mixed (splitmix64).
type dice uint64

const golden = 0x9e3779b97f4a7c15

// diceOf are the dice of an event, or of the row of a table.
func diceOf(n int64) dice { return dice(mix(uint64(n) + golden)) }

func mix(z uint64) uint64 {
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}

// roll returns 64 random bits.
func (d *dice) roll() uint64 {
	*d += golden
	return mix(uint64(*d))
}

// below returns a random number from 0 to n-1.
func (d *dice) below(n int64) int64 { return pick(d.roll()>>32, n) }

// pick makes a number from 0 to n-1 of 32 random bits.
func pick(r uint64, n int64) int64 {
	hi, lo := bits.Mul64(r&(1<<32-1), uint64(n))
	return int64(hi<<32 | lo>>32)
}
