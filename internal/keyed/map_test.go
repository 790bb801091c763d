package keyed

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/weirstream/weir/checkpoint"
	"github.com/weirstream/weir/flink"
	"github.com/weirstream/weir/internal/flow"
)

// newMapOf returns the map state of a backend with one key, which is the current one.
func newMapOf[UK comparable, UV any](t interface{ Fatal(...any) }) (*Backend[int64], MapCell[UK, UV]) {
	b := NewBackend(checkpoint.KeyGroupRange{Start: 0, End: 0}, of[int64](t), flink.JavaLongHash)
	m, err := NewMap(b, "map", of[UK](t), of[UV](t))
	if err != nil {
		t.Fatal(err)
	}
	b.Set(1, 0)
	return b, m
}

// A map behaves like Go's, and one that is changed while it is iterated over behaves as
// MapCell says, with and without a snapshot alive.
func TestMapsAreMaps(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b, m := newMapOf[int64, int64](t)
		model := make(map[int64]int64)
		keys := rapid.Int64Range(0, rapid.SampledFrom([]int64{3, 40, 80}).Draw(t, "keys"))
		// change changes the map and the model, and returns which key.
		change := func(t *rapid.T) (key int64, removed bool) {
			key = keys.Draw(t, "key")
			switch rapid.IntRange(0, 3).Draw(t, "change") {
			case 0:
				ref, existed := m.Ref(key)
				if want, was := model[key]; *ref != want || existed != was {
					t.Fatalf("Ref(%d) = %d, %t; want %d, %t", key, *ref, existed, want, was)
				}
				*ref++
				model[key]++
			case 1:
				n := rapid.Int64().Draw(t, "n")
				m.Put(key, n)
				model[key] = n
			default:
				m.Remove(key)
				delete(model, key)
				return key, true
			}
			return key, false
		}
		// iterate iterates over the map, changes it, and iterates over it again meanwhile.
		var iterate func(t *rapid.T, depth int) (removed map[int64]bool)
		iterate = func(t *rapid.T, depth int) map[int64]bool {
			stays, removed := maps.Clone(model), make(map[int64]bool)
			seen := make(map[int64]bool)
			remove := func(k int64) {
				delete(stays, k)
				removed[k] = true
			}
			stop := rapid.IntRange(0, 100).Draw(t, "stop after")
			for k, v := range m.All() {
				if _, ok := stays[k]; !ok || seen[k] || v != model[k] {
					t.Fatalf("%d: %d has come: there all the time %t, before %t, and it is %d", k, v, ok, seen[k], model[k])
				}
				seen[k] = true
				switch rapid.IntRange(0, 9).Draw(t, "do") {
				case 0, 1:
					m.Remove(k)
					delete(model, k)
					remove(k)
				case 2, 3, 4:
					if k, gone := change(t); gone {
						remove(k)
					}
				case 5:
					if depth < 3 {
						for k := range iterate(t, depth+1) {
							remove(k)
						}
					}
				case 6:
					if rapid.IntRange(0, 20).Draw(t, "clear") == 0 {
						m.Clear()
						clear(model)
						for k := range stays {
							remove(k)
						}
					}
				}
				if stop--; stop < 0 {
					return removed
				}
			}
			for k := range stays {
				if !seen[k] {
					t.Fatalf("%d has not come, and is there all the time", k)
				}
			}
			return removed
		}
		var alive []flow.KeyedSnapshot
		t.Repeat(map[string]func(*rapid.T){
			"change": func(t *rapid.T) {
				for range rapid.IntRange(1, 30).Draw(t, "n") {
					change(t)
				}
			},
			"put all": func(t *rapid.T) {
				for k := range int64(80) {
					m.Put(k, k)
					model[k] = k
				}
			},
			"iterate": func(t *rapid.T) { iterate(t, 0) },
			"freeze": func(t *rapid.T) {
				alive = append(alive, b.Snapshot())
				b.Set(1, 0)
			},
			"release": func(t *rapid.T) {
				if len(alive) > 0 {
					alive[0].Release()
					alive = alive[1:]
				}
			},
			"": func(t *rapid.T) {
				if got := maps.Collect(m.All()); !maps.Equal(got, model) || m.Len() != len(model) {
					t.Fatalf("got %v, of length %d; want %v", got, m.Len(), model)
				}
				for k := range int64(80) {
					if v, ok := m.Get(k); v != model[k] || ok != (model[k] != 0 || hasKey(model, k)) {
						t.Fatalf("Get(%d) = %d, %t; want %v", k, v, ok, model)
					}
				}
			},
		})
	})
}

func hasKey[K comparable, V any](m map[K]V, k K) bool { _, ok := m[k]; return ok }

// What a map has let go of it holds on to no longer: pairs that are removed, and iterations
// that have ended, however they did.
func TestMapsHoldOnToNothing(t *testing.T) {
	_, m := newMapOf[int64, string](t)
	for i := range int64(fewPairs) {
		m.Put(i, "value")
	}
	for range m.All() {
		break
	}
	func() {
		defer func() { recover() }()
		for range m.All() {
			panic("in an iteration")
		}
	}()
	for k := range m.All() {
		if k > 0 {
			m.Remove(k)
		}
	}
	plain := m.(*plainMap[int64, string])
	if len(plain.walks) != 0 {
		t.Errorf("%d iterations have not ended", len(plain.walks))
	}
	node, _ := plain.slot.Get()
	for i, p := range node.few[:cap(node.few)] {
		if (p.value != "") != (i == 0) {
			t.Errorf("pair %d of 1 is %v", i, p)
		}
	}
}

// A large map finds what it has, grows a small part at a time, and becomes small again.
func TestLargeMap(t *testing.T) {
	const n = 60_000
	_, m := newMapOf[string, int64](t)
	for i := range int64(n) {
		m.Put(fmt.Sprint(i), i)
	}
	node, _ := m.(*plainMap[string, int64]).slot.Get()
	slots := 0
	for i, s := range node.many.index.dir {
		if len(s.index) > segmentLen {
			t.Errorf("an index of %d slots", len(s.index))
		}
		if i == 0 || s != node.many.index.dir[i-1] {
			slots += len(s.index)
			if linked := len(s.index) - count(s.index, 0); linked != s.n {
				t.Errorf("segment %d has %d slots for %d entries", i, linked, s.n)
			}
		}
	}
	if slots > 4*n {
		t.Errorf("%d slots for %d entries", slots, n)
	}
	for i := range int64(n) {
		if v, ok := m.Get(fmt.Sprint(i)); v != i || !ok {
			t.Fatalf("Get(%d) = %d, %t", i, v, ok)
		}
	}
	for k, v := range m.All() {
		if v%1000 != 0 {
			m.Remove(k)
		}
	}
	if m.Len() != n/1000 {
		t.Errorf("%d are left, want %d", m.Len(), n/1000)
	}
	for i := range int64(n) {
		if _, ok := m.Get(fmt.Sprint(i)); ok != (i%1000 == 0) {
			t.Fatalf("after removing, Get(%d) finds %t", i, ok)
		}
	}
	for i := range int64(n) {
		if i > 1000 {
			m.Remove(fmt.Sprint(i))
		}
	}
	if m.Len() != 2 || node.many != nil {
		t.Errorf("%d are left, want 2; with an index: %t", m.Len(), node.many != nil)
	}
}

// A map is written in the order of its encoded keys, few or many as they are.
func TestMapsAreWrittenInOrder(t *testing.T) {
	for _, n := range []int{0, 1, 2, fewPairs, fewPairs + 1, 100, partSize, partSize + 1, 3*partSize + 7} {
		b, m := newMapOf[int64, int64](t)
		want := make(map[int64]int64)
		for _, i := range rand.New(rand.NewPCG(uint64(n), 1)).Perm(n) {
			k := int64(i-n/2) * 1_000_003
			m.Put(k, int64(i))
			want[k] = int64(i)
		}
		p := write(t, b.Snapshot())
		data := make([]byte, p.Size)
		p.Data.ReadAt(data, 0)
		data = data[p.Offsets[0]+4:]
		if n == 0 {
			if len(data) != 2+4 {
				t.Errorf("%x is written for no map", data)
			}
			continue
		}
		encoded, err := of[map[int64]int64](t).Append([]byte{0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 1}, want)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(data, encoded) {
			t.Errorf("%d entries are not written as a map with them is", n)
		}
	}
}

// Keys of any length are in order, also where they begin alike.
func TestSorter(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	for _, prefix := range []string{"", "a", strings.Repeat("long ", 3)} {
		keys := make([]string, 3*partSize)
		for i := range keys {
			keys[i] = prefix + fmt.Sprint(rnd.IntN(10)) + strings.Repeat("\x00", i%3) + fmt.Sprint(i)
			if i%5 == 0 { // many begin alike, with more than a number of 64 bits
				keys[i] = prefix + "5 and the same again: " + strings.Repeat("\x00", i%7) + strings.Repeat("\xff", i%11) + fmt.Sprint(i)
			}
		}
		appendKey := func(dst []byte, i int) ([]byte, error) { return append(dst, keys[i]...), nil }
		appendValue := func(dst []byte, i int) ([]byte, error) { return fmt.Append(dst, "=", i, ";"), nil }
		number := make(map[string]int)
		for i, k := range keys {
			number[k] = i
		}
		var want []byte
		for _, k := range slices.Sorted(slices.Values(keys)) {
			want = fmt.Append(want, k, "=", number[k], ";")
		}
		var s sorter
		for range 2 {
			var out encoder
			var got bytes.Buffer
			out.w = &got
			if err := errors.Join(s.write(&out, len(keys), appendKey, appendValue), out.flush()); err != nil || !bytes.Equal(got.Bytes(), want) {
				t.Fatalf("prefix %q: error %v, or not in order", prefix, err)
			}
		}
		keys[7] = keys[len(keys)-1]
		if err := s.write(&encoder{w: io.Discard}, len(keys), appendKey, appendValue); !errors.Is(err, errSameKey) {
			t.Errorf("a key that is there twice: %v", err)
		}
	}
}

// Keys of which one is the beginning of another are in order, in whichever order they come.
func TestSorterOfBeginnings(t *testing.T) {
	keys := []string{"ab", "a", "b", "", "ab\x00", "a\x00", "ab\x00\x00\x00\x00\x00\x00\x00\x00", "ab\x00\x00\x00\x00\x00\x00\x00\x00\x00", "\xff"}
	rnd := rand.New(rand.NewPCG(5, 6))
	for range 200 {
		rnd.Shuffle(len(keys), func(i, j int) { keys[i], keys[j] = keys[j], keys[i] })
		some := keys[:1+rnd.IntN(len(keys))]
		want := ""
		for _, k := range slices.Sorted(slices.Values(some)) {
			want += k + ";"
		}
		var s sorter
		var out encoder
		err := s.write(&out, len(some),
			func(dst []byte, i int) ([]byte, error) { return append(dst, some[i]...), nil },
			func(dst []byte, _ int) ([]byte, error) { return append(dst, ';'), nil })
		if err != nil || string(out.buf) != want {
			t.Fatalf("%q are written as %q, %v", some, out.buf, err)
		}
	}
}

// NaN is not equal to itself. It is put and never found, as in Go's maps, and does not
// disturb what else there is.
func TestNaNInAMap(t *testing.T) {
	_, m := newMapOf[float64, int64](t)
	m.Put(math.NaN(), -1)
	for i := range 3 * fewPairs {
		m.Put(float64(i), int64(i))
	}
	m.Put(math.NaN(), -2)
	if _, ok := m.Get(math.NaN()); ok || m.Len() != 3*fewPairs+2 {
		t.Errorf("NaN is found %t, and there are %d entries", ok, m.Len())
	}
	node, _ := m.(*plainMap[float64, int64]).slot.Get()
	if n := node.many.index.dir[0].n; n != 3*fewPairs {
		t.Errorf("%d entries are in the index, want %d", n, 3*fewPairs)
	}
	for i := range 3 * fewPairs {
		m.Remove(float64(i))
	}
	if m.Len() != 2 {
		t.Errorf("%d entries are left, want 2", m.Len())
	}
	m.Clear()
	if m.Len() != 0 {
		t.Error("the map is not empty")
	}
}

// A map with a key that comes twice is refused, as are a null and a map of too few bytes.
func TestMapsThatMakeNoSense(t *testing.T) {
	old, m := newMapOf[int64, int64](t)
	m.Put(5, 1)
	m.Put(6, 2)
	p := write(t, old.Snapshot())
	data := make([]byte, p.Size)
	p.Data.ReadAt(data, 0)
	entries := int(p.Offsets[0]) + 4 + 2 + 4 + 1 + 8 + 4 // key group, state, number; namespace, key; number
	const entry = 8 + 1 + 8
	for what, v := range map[string]struct {
		at   int
		b    byte
		want string
	}{
		"key twice": {entries + entry + 7, 5, errKeyTwice.Error()},
		"null":      {entries + 8, 1, errNull.Error()},
		"too many":  {entries - 1, 9, "9 map entries cannot be in"},
		"too few":   {entries - 1, 1, "bytes after the last entry"},
	} {
		bad := bytes.Clone(data)
		bad[v.at] = v.b
		p.Data = bytes.NewReader(bad)
		again, _ := newMapOf[int64, int64](t)
		if err := again.Restore([]flow.KeyedPart{p}, false); err == nil || !strings.Contains(err.Error(), v.want) {
			t.Errorf("%s: %v", what, err)
		}
	}
}
