package site

import "math"

// A price is 100·10^(6u) cents, for a random u from 0 to 1: each power of ten is as
// frequent as the others. Prices must be the same in any language, so there is no call of a
// power function: the table is made of square roots and products, which IEEE 754 fixes to
// the last bit, and the rest is whole numbers.

const (
	priceBits = 10 // of u that choose a row of the table; the next 16 lie between two rows
	priceUnit = 1 << 16
)

// prices are the prices for u = i/1024, in 1/65536 of a cent.
var prices = func() (p [1<<priceBits + 1]int64) {
	var root [priceBits]float64 // root[k] is 10^(6/2^(k+1))
	for k, r := 0, 1e6; k < priceBits; k++ {
		r = math.Sqrt(r)
		root[k] = r
	}
	for i := range 1 << priceBits {
		v := 100.0
		for k := range priceBits {
			if i>>(priceBits-1-k)&1 == 1 {
				v = v * root[k]
			}
		}
		p[i] = int64(v * priceUnit)
	}
	p[1<<priceBits] = 100_000_000 * priceUnit
	return p
}()

// price makes a price of 26 random bits.
func price(r uint64) int64 {
	i, part := r>>16&(1<<priceBits-1), int64(r&0xffff)
	return (prices[i] + (prices[i+1]-prices[i])*part>>16 + priceUnit/2) / priceUnit
}
