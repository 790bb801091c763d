package entries

import (
	"bytes"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// Entries are put in the order of their keys, where they are, and two with one key are
// noticed.
func TestSort(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		e := New()
		defer e.Release()
		b := []byte("before")
		var keys, want []string
		for range rapid.IntRange(0, 20).Draw(t, "n") {
			key := rapid.StringMatching(`[a-c]{0,3}`).Draw(t, "key")
			value := rapid.StringN(0, 3, -1).Draw(t, "value")
			start := len(b)
			b = append(append(b, key...), value...)
			e.Add(start, start+len(key), len(b))
			keys = append(keys, key)
			want = append(want, key+"="+value)
		}
		end := len(b)
		b = append(b, "after"...)
		distinct := e.Sort(b)
		slices.Sort(keys)
		if d := len(slices.Compact(slices.Clone(keys))) == len(keys); d != distinct {
			t.Fatalf("%q: distinct is %t", keys, distinct)
		}
		if !distinct {
			return
		}
		slices.SortFunc(want, func(x, y string) int {
			kx, _, _ := bytes.Cut([]byte(x), []byte("="))
			ky, _, _ := bytes.Cut([]byte(y), []byte("="))
			return bytes.Compare(kx, ky)
		})
		sorted := []byte("before")
		for _, entry := range want {
			k, v, _ := bytes.Cut([]byte(entry), []byte("="))
			sorted = append(append(sorted, k...), v...)
		}
		if sorted = append(sorted, "after"...); !bytes.Equal(b, sorted) {
			t.Fatalf("%q, want %q, up to %d", b, sorted, end)
		}
	})
}
