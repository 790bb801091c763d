package weir

// Distinct counts how many different values of returns. It counts exactly: the accumulator
// holds every one of them.
func Distinct[T any, V comparable](of func(T) V) Aggregator[T, map[V]bool, int64] {
	add := func(seen map[V]bool, v V) map[V]bool {
		if seen == nil {
			seen = make(map[V]bool)
		}
		seen[v] = true
		return seen
	}
	return Aggregating(
		func(seen map[V]bool, v T) (map[V]bool, error) { return add(seen, of(v)), nil },
		func(seen map[V]bool) (int64, error) { return int64(len(seen)), nil },
	).WithMerge(func(a, b map[V]bool) (map[V]bool, error) {
		for v := range b {
			a = add(a, v)
		}
		return a, nil
	})
}
