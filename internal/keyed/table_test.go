package keyed

import (
	"maps"
	"testing"

	"pgregory.net/rapid"

	"github.com/weirstream/weir/checkpoint"
)

// contents reads a frozen table through its pages, as a snapshot does.
func contents[K comparable, V any](t *rapid.T, f *frozen[K, V]) map[K]V {
	m := make(map[K]V)
	for _, g := range f.groups {
		for i := range g.n {
			e := g.pages[i>>pageBits].page[i&pageMask]
			if _, twice := m[e.key]; twice {
				t.Fatalf("key %v twice in a snapshot", e.key)
			}
			m[e.key] = e.value
		}
	}
	return m
}

// A table behaves like a map, and a snapshot of it like a copy of that map, whatever is
// done to the table afterwards, by however many snapshots at once.
func TestTableIsAMapAndSnapshotsAreCopies(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		const groups = 3
		table := NewTable[string, int](checkpoint.KeyGroupRange{Start: 5, End: 5 + groups - 1}, nil)
		// A hash of three bits makes long probes, wrap-arounds and gaps likely.
		hashBits := rapid.SampledFrom([]uint32{3, 32}).Draw(t, "hash bits")
		full := hashOf[string]()
		cur := Current[string]{hash: func(k string) uint32 { return full(k) & (1<<hashBits - 1) }}
		model := make(map[string]int)
		type shot struct {
			f    *frozen[string, int]
			want map[string]int
		}
		var shots []shot
		keys := rapid.SliceOfN(rapid.StringMatching(`[a-e]{0,4}`), 1, 120).Draw(t, "keys")
		groupOf := func(k string) checkpoint.KeyGroup {
			group := 5
			for _, c := range k {
				group = 5 + (group+int(c))%groups
			}
			return checkpoint.KeyGroup(group)
		}
		set := func(t *rapid.T) {
			if ahead := cur.base + uint64(len(cur.keys)); cur.base < cur.seq && cur.seq < ahead && rapid.Bool().Draw(t, "next") {
				cur.Next()
				return
			}
			k := rapid.SampledFrom(keys).Draw(t, "key")
			cur.Set(k, groupOf(k))
		}
		t.Repeat(map[string]func(*rapid.T){
			"look ahead": func(t *rapid.T) {
				run := rapid.SliceOfN(rapid.SampledFrom(keys), 1, Ahead).Draw(t, "run")
				var in []checkpoint.KeyGroup
				for _, k := range run {
					in = append(in, groupOf(k))
				}
				cur.begin(run, in)
				table.look(&cur)
				cur.Next()
			},
			"put": func(t *rapid.T) {
				set(t)
				ref, existed := table.Ref(&cur)
				want, was := model[cur.Key]
				if existed != was || *ref != want {
					t.Fatalf("Ref(%q) = %d, %t; want %d, %t", cur.Key, *ref, existed, want, was)
				}
				*ref = rapid.Int().Draw(t, "value")
				model[cur.Key] = *ref
			},
			"get": func(t *rapid.T) {
				set(t)
				v, ok := table.Get(&cur)
				if want, was := model[cur.Key]; v != want || ok != was {
					t.Fatalf("Get(%q) = %d, %t; want %d, %t", cur.Key, v, ok, want, was)
				}
			},
			"delete": func(t *rapid.T) {
				set(t)
				_, was := model[cur.Key]
				if ok := table.Delete(&cur); ok != was {
					t.Fatalf("Delete(%q) = %t, want %t", cur.Key, ok, was)
				}
				delete(model, cur.Key)
			},
			"reserve": func(t *rapid.T) {
				table.Reserve(checkpoint.KeyGroup(rapid.IntRange(5, 5+groups-1).Draw(t, "group")), rapid.IntRange(0, 200).Draw(t, "n"))
			},
			"freeze": func(t *rapid.T) {
				if len(shots) < 3 {
					shots = append(shots, shot{table.freeze(), maps.Clone(model)})
				}
			},
			"release": func(t *rapid.T) {
				if len(shots) > 0 {
					i := rapid.IntRange(0, len(shots)-1).Draw(t, "snapshot")
					shots[i].f.release()
					shots = append(shots[:i:i], shots[i+1:]...)
				}
			},
			"": func(t *rapid.T) {
				if table.Len() != len(model) {
					t.Fatalf("Len() = %d, want %d", table.Len(), len(model))
				}
				for _, s := range shots {
					if got := contents(t, s.f); !maps.Equal(got, s.want) {
						t.Fatalf("snapshot of epoch %d has changed:\n got %v\nwant %v", s.f.epoch, got, s.want)
					}
				}
			},
		})
		now := table.freeze()
		if got := contents(t, now); !maps.Equal(got, model) {
			t.Fatalf("at the end:\n got %v\nwant %v", got, model)
		}
	})
}

// A large table looks ahead, but not if it is not asked for what it finds; and it finds
// what is there.
func TestLookAhead(t *testing.T) {
	table := NewTable[int64, int64](checkpoint.KeyGroupRange{Start: 0, End: 0}, nil)
	cur := Current[int64]{hash: hashOf[int64]()}
	keys, in := make([]int64, Ahead), make([]checkpoint.KeyGroup, Ahead)
	for i := range keys {
		keys[i] = int64(i)
	}
	run := func(ask bool) (known int) {
		cur.begin(keys, in)
		table.lookAhead(&cur)
		known = table.known
		for i := range keys {
			cur.Next()
			if !ask {
				continue
			}
			if e, ok := table.foreseen(cur.seq); known > 0 && (!ok || e != i) {
				t.Fatalf("key %d: foresaw entry %d, %t", i, e, ok)
			}
		}
		return known
	}
	fill := func(n int64) {
		for k := range n {
			cur.Set(k, 0)
			table.Ref(&cur)
		}
	}
	fill(worthwhile - 1)
	if run(true) != 0 {
		t.Error("a small table looks ahead")
	}
	fill(worthwhile)
	for i, c := range []struct {
		ask  bool
		want int
	}{{true, Ahead}, {true, Ahead}, {false, Ahead}, {true, 0}, {true, Ahead}} {
		if got := run(c.ask); got != c.want {
			t.Errorf("run %d: %d keys are known about, want %d", i, got, c.want)
		}
	}
}

// After a snapshot is released nothing is copied any more: a write goes to the page that
// is there.
func TestReleasedPagesAreNotCopied(t *testing.T) {
	table := NewTable[int64, int64](checkpoint.KeyGroupRange{Start: 0, End: 0}, nil)
	cur := Current[int64]{hash: hashOf[int64]()}
	for k := range int64(1000) {
		cur.Set(k, 0)
		table.Ref(&cur)
	}
	f := table.freeze()
	cur.Set(7, 0)
	table.Ref(&cur)
	copied := table.groups[0].pages[0]
	f.release()
	cur.Set(500, 0)
	at := table.groups[0].pages[500>>pageBits]
	table.Ref(&cur)
	if table.groups[0].pages[500>>pageBits] != at {
		t.Error("a page was copied after the snapshot was released")
	}
	if table.groups[0].pages[0] != copied {
		t.Error("the page copied while frozen was copied again")
	}
	if allocs := testing.AllocsPerRun(100, func() { table.Ref(&cur) }); allocs != 0 {
		t.Errorf("%v allocations to write a key that is there", allocs)
	}
}
