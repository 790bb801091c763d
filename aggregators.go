package weir

import (
	"cmp"
	"slices"
)

// Number is a type that can be added up.
type Number interface {
	~int | ~int8 | ~int16 | ~int32 | ~int64 | ~float32 | ~float64
}

// Count counts values.
func Count[T any]() Aggregator[T, int64, int64] {
	return Aggregating(
		func(n int64, _ T) (int64, error) { return n + 1, nil },
		func(n int64) (int64, error) { return n, nil },
	).WithMerge(plus[int64])
}

// Sum calls of for each value and adds the results up. Whole numbers that overflow wrap
// around, as everywhere in Go.
func Sum[T any, N Number](of func(T) N) Aggregator[T, N, N] {
	return Aggregating(
		func(sum N, v T) (N, error) { return sum + of(v), nil },
		func(sum N) (N, error) { return sum, nil },
	).WithMerge(plus[N])
}

func plus[N Number](a, b N) (N, error) { return a + b, nil }

// Extreme is the accumulator of Min and Max: the smallest or largest value so far, if there
// is any.
type Extreme[N any] struct {
	Any   bool
	Value N
}

// Min calls of for each value and keeps the smallest result. NaN is smaller than every number.
func Min[T any, N cmp.Ordered](of func(T) N) Aggregator[T, Extreme[N], N] {
	return extreme(of, func(a, b N) bool { return cmp.Less(a, b) })
}

// Max calls of for each value and keeps the largest result. NaN is smaller than every number.
func Max[T any, N cmp.Ordered](of func(T) N) Aggregator[T, Extreme[N], N] {
	return extreme(of, func(a, b N) bool { return cmp.Less(b, a) })
}

func extreme[T any, N cmp.Ordered](of func(T) N, before func(a, b N) bool) Aggregator[T, Extreme[N], N] {
	better := func(a, b Extreme[N]) (Extreme[N], error) {
		if !a.Any || b.Any && before(b.Value, a.Value) {
			return b, nil
		}
		return a, nil
	}
	return Aggregating(
		func(e Extreme[N], v T) (Extreme[N], error) { return better(e, Extreme[N]{true, of(v)}) },
		func(e Extreme[N]) (N, error) { return e.Value, nil },
	).WithMerge(better)
}

// MeanOf is the accumulator of Mean.
type MeanOf struct {
	N   int64
	Sum float64
}

// Mean calls of for each value and keeps the arithmetic mean of the results.
func Mean[T any, N Number](of func(T) N) Aggregator[T, MeanOf, float64] {
	return Aggregating(
		func(m MeanOf, v T) (MeanOf, error) { return MeanOf{m.N + 1, m.Sum + float64(of(v))}, nil },
		func(m MeanOf) (float64, error) { return m.Sum / float64(m.N), nil },
	).WithMerge(func(a, b MeanOf) (MeanOf, error) { return MeanOf{a.N + b.N, a.Sum + b.Sum}, nil })
}

// TopN keeps the n values that come first in the order of compare, sorted in that order.
// compare returns a negative number if a comes before b, as for slices.SortFunc. Of values
// that compare as equal, the earlier ones are kept.
func TopN[T any](n int, compare func(a, b T) int) Aggregator[T, []T, []T] {
	insert := func(top []T, v T) []T {
		at, _ := slices.BinarySearchFunc(top, v, func(in, v T) int {
			if compare(in, v) <= 0 {
				return -1 // after those that are equal
			}
			return 1
		})
		if at >= n {
			return top
		}
		if len(top) >= n {
			top = top[:n-1]
		}
		return slices.Insert(top, at, v)
	}
	return Aggregating(
		func(top []T, v T) ([]T, error) { return insert(top, v), nil },
		func(top []T) ([]T, error) { return slices.Clone(top), nil },
	).WithMerge(func(a, b []T) ([]T, error) {
		for _, v := range b {
			a = insert(a, v)
		}
		return a, nil
	})
}
