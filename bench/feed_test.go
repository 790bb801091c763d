package bench

import (
	"slices"
	"testing"
)

// A feed has each key as often as the others in each pass over them, and no two passes have
// them in one order. It is the same whatever the batches are.
func TestFeed(t *testing.T) {
	for _, distinct := range []int{1_000, orderLen} {
		f := newFeed(distinct, 3*orderLen)
		number := make(map[string]int, distinct)
		for i, k := range f.keys {
			number[k] = i
		}
		if len(number) != distinct {
			t.Fatalf("%d keys, want %d", len(number), distinct)
		}
		var last []string
		for pass := range 2 {
			keys := make([]string, orderLen)
			for from := 0; from < len(keys); {
				to := min(len(keys), from+1+from%511)
				from += f.fill(keys[from:to], pass*orderLen+from, 0)
			}
			whole := make([]string, orderLen)
			if f.fill(whole, pass*orderLen, 0); !slices.Equal(whole, keys) {
				t.Errorf("%d keys, pass %d: another feed in other batches", distinct, pass)
			}
			times, same := make([]int, distinct), 0
			for i, k := range keys {
				times[number[k]]++
				if last != nil && last[i] == k {
					same++
				}
			}
			if slices.Min(times) != orderLen/distinct || slices.Max(times) != orderLen/distinct {
				t.Errorf("%d keys, pass %d: a key comes %d times, and another one %d times", distinct, pass, slices.Min(times), slices.Max(times))
			}
			if same > orderLen/100 {
				t.Errorf("%d keys: %d records are where they were in the pass before", distinct, same)
			}
			last = keys
		}
	}
}
