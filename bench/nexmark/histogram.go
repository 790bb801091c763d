package main

import (
	"math/bits"
	"time"
)

// A histogram counts durations, to within 3 %.
type histogram struct {
	counts [64 * perPower]int64
	n      int64
}

const (
	powerBits = 5
	perPower  = 1 << powerBits // buckets from one power of two to the next
)

func bucket(d time.Duration) int {
	v := uint64(max(d, 0))
	if v < perPower {
		return int(v)
	}
	e := bits.Len64(v) - powerBits - 1
	return (e+1)*perPower + int(v>>e) - perPower
}

// top returns the largest duration of a bucket.
func top(b int) time.Duration {
	if b < perPower {
		return time.Duration(b)
	}
	e := b/perPower - 1
	return time.Duration((uint64(b%perPower)+perPower+1)<<e - 1)
}

func (h *histogram) add(d time.Duration) {
	h.counts[bucket(d)]++
	h.n++
}

func (h *histogram) join(o *histogram) {
	for i, n := range o.counts {
		h.counts[i] += n
	}
	h.n += o.n
}

// quantile returns a duration that a share q of all do not exceed, 0 if there are none.
func (h *histogram) quantile(q float64) time.Duration {
	rank := int64(q*float64(h.n-1)) + 1
	for b, n := range h.counts {
		if rank -= n; rank <= 0 && h.n > 0 {
			return top(b)
		}
	}
	return 0
}
