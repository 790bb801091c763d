package keyed

import (
	"testing"

	"github.com/weirstream/weir/checkpoint"
)

// A table that has looked ahead in one namespace finds what is in another one.
func TestLookAheadInNamespaces(t *testing.T) {
	b := NewBackend(checkpoint.KeyGroupRange{}, of[int64](t), func(k int64) int32 { return int32(k) })
	values, err := NewValues(b, "v", PlainValue, Windows, of[int64](t))
	if err != nil {
		t.Fatal(err)
	}
	const keys = 2 * worthwhile
	all := make([]int64, keys)
	codes, groups := make([]int32, keys), make([]checkpoint.KeyGroup, keys)
	for i := range all {
		all[i], codes[i] = int64(i), b.Current.codeOf(int64(i))
	}
	windows := [2]Window{{0, 10}, {10, 20}}
	for pass := range 4 {
		for from := 0; from < keys; from += Ahead {
			b.LookAhead(all[from:from+Ahead], codes[from:from+Ahead], groups[from:from+Ahead])
			for i := range Ahead {
				b.Current.Next()
				// The first half of a run is about one window, the second one about the other.
				for _, w := range [...]int{i / (Ahead / 2), pass % 2} {
					v, existed := values.In(windows[w]).Ref()
					if want := int64(2*(from+i) + w + 1); existed && *v != want {
						t.Fatalf("key %d in window %d has %d, want %d", from+i, w, *v, want)
					} else if !existed {
						*v = want
					}
				}
			}
		}
		b.Current.End()
	}
}
