package metrics

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// A value falls into a bucket whose bounds hold it, and that is at most one part in eight
// wide; buckets rise with values.
func TestBuckets(t *testing.T) {
	values := []uint64{0, 1, 7, 8, 9, 15, 16, 17, 1000, math.MaxInt64}
	rng := rand.New(rand.NewPCG(1, 2))
	for range 10_000 {
		values = append(values, rng.Uint64()>>(1+rng.IntN(63)))
	}
	slices.Sort(values)
	last := 0
	for _, v := range values {
		b := bucketOf(v)
		if b < last {
			t.Fatalf("%d is in bucket %d, a smaller value in %d", v, b, last)
		}
		last = b
		if up := uint64(upper(b)); up < v || up-v > v/8 {
			t.Fatalf("%d is in bucket %d, which ends at %d", v, b, up)
		}
		if b > 0 && uint64(upper(b-1)) >= v {
			t.Fatalf("%d is in bucket %d, and the one before it ends at %d", v, b, upper(b-1))
		}
	}
}

func TestQuantile(t *testing.T) {
	var h Histogram
	if q := h.Read().Quantile(0.5); q != 0 {
		t.Errorf("the median of nothing is %d", q)
	}
	for v := range int64(1000) {
		h.Add(v + 1)
	}
	h.Add(-5)
	d := h.Read()
	if d.Count != 1001 || d.Sum != 500500 || d.Max != 1000 {
		t.Errorf("got %d values, sum %d, max %d", d.Count, d.Sum, d.Max)
	}
	for q, want := range map[float64]int64{0: 0, 0.5: 500, 0.99: 990, 1: 1000} {
		if got := d.Quantile(q); got < want || got > want+want/8+1 {
			t.Errorf("quantile %v is %d, want about %d", q, got, want)
		}
	}
}

// A metric is the same however often it is asked for, also after a restart, and is read
// under its scope and name.
func TestRegistry(t *testing.T) {
	var r Registry
	r.Group(Scope{"b", 1}).Counter("n").Add(2)
	r.Group(Scope{"b", 1}).Counter("n").Add(3)
	r.Group(Scope{"b", 0}).Gauge("g").Set(-7)
	r.Group(Scope{"a", 9}).Histogram("h").Add(4)
	r.Group(Scope{"b", 1}).Gauge("n").Set(99) // the name is taken by a counter
	(*Group)(nil).Counter("nowhere").Add(1)
	type row struct {
		Scope
		name string
		kind Kind
		n    int64
	}
	var got []row
	for _, v := range r.Read() {
		n := v.Number
		if v.Distribution != nil {
			n = v.Distribution.Count
		}
		got = append(got, row{v.Scope, v.Name, v.Kind, n})
	}
	want := []row{
		{Scope{"a", 9}, "h", KindHistogram, 1},
		{Scope{"b", 0}, "g", KindGauge, -7},
		{Scope{"b", 1}, "n", KindCounter, 5},
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}
