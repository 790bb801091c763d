package metrics

import (
	"cmp"
	"math/bits"
	"strings"
	"sync/atomic"
)

// subBits says how many buckets there are between two powers of two: 1<<subBits. A bucket is
// at most an eighth as wide as its values are large.
const subBits = 3

// buckets is one for each small value, and 1<<subBits for each power of two above.
const buckets = (64 - subBits + 1) << subBits

// A Histogram counts values by size: durations in nanoseconds, sizes in bytes. It keeps a
// value with an error of at most one eighth (it is an exponential histogram with eight buckets
// per power of two). Negative values count as 0.
type Histogram struct {
	counts [buckets]atomic.Int64
	sum    atomic.Int64
	max    atomic.Int64
}

// bucketOf returns the bucket of a value.
func bucketOf(v uint64) int {
	if v < 1<<subBits {
		return int(v)
	}
	exp := bits.Len64(v) - 1 - subBits
	return (exp+1)<<subBits + int(v>>exp)&(1<<subBits-1)
}

// upper returns the largest value of a bucket.
func upper(bucket int) int64 {
	if bucket < 1<<subBits {
		return int64(bucket)
	}
	exp := bucket>>subBits - 1
	low := uint64(1<<subBits+bucket&(1<<subBits-1)) << exp
	return int64(low + 1<<exp - 1)
}

// Add counts a value.
func (h *Histogram) Add(v int64) {
	v = max(v, 0)
	h.counts[bucketOf(uint64(v))].Add(1)
	h.sum.Add(v)
	for {
		most := h.max.Load()
		if v <= most || h.max.CompareAndSwap(most, v) {
			return
		}
	}
}

// A Distribution is a histogram as it was when it was read.
type Distribution struct {
	Count, Sum, Max int64
	counts          []int64
}

// Quantile returns a value that is not below the given share of all values, and at most one
// eighth too large. The share is between 0 and 1. It returns 0 if there are no values.
func (d *Distribution) Quantile(q float64) int64 {
	rank := max(int64(q*float64(d.Count)+0.5), 1)
	for b, n := range d.counts {
		if rank -= n; rank <= 0 {
			return min(upper(b), d.Max)
		}
	}
	return d.Max
}

// Read returns the distribution of the values so far.
func (h *Histogram) Read() *Distribution {
	d := &Distribution{Sum: h.sum.Load(), Max: h.max.Load(), counts: make([]int64, buckets)}
	for i := range h.counts {
		d.counts[i] = h.counts[i].Load()
		d.Count += d.counts[i]
	}
	return d
}

func (h *Histogram) value() Value { return Value{Kind: KindHistogram, Distribution: h.Read()} }

func compareScopes(a, b Scope) int {
	return cmp.Or(strings.Compare(a.Operator, b.Operator), cmp.Compare(a.Subtask, b.Subtask))
}

func compareStrings(a, b string) int { return strings.Compare(a, b) }
