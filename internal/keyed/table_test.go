package keyed

import (
	"maps"
	"strings"
	"testing"
	"unsafe"

	"pgregory.net/rapid"

	"github.com/weirstream/weir/checkpoint"
	"github.com/weirstream/weir/flink"
)

// contents reads a frozen table through its pages, as a snapshot does.
func contents[K comparable, V any](t *rapid.T, f *frozen[K, Void, V]) map[K]V {
	m := make(map[K]V)
	for _, g := range f.groups {
		for i := range g.n {
			e := g.list[i>>pageBits].page[i&pageMask]
			if _, twice := m[e.key]; twice {
				t.Fatalf("key %v twice in a snapshot", e.key)
			}
			m[e.key] = e.value
		}
	}
	return m
}

func count[E comparable](s []E, v E) (n int) {
	for _, e := range s {
		if e == v {
			n++
		}
	}
	return n
}

// A table behaves like a map, and a snapshot of it like a copy of that map, whatever is
// done to the table afterwards, by however many snapshots at once.
func TestTableIsAMapAndSnapshotsAreCopies(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		const groups = 3
		// A code of a few bits makes long probes, wrap-arounds and gaps likely; one of fewer
		// makes the groups hash the keys themselves.
		mask := rapid.SampledFrom([]int32{1, 1<<5 - 1, -1}).Draw(t, "mask of the codes")
		code := func(k string) int32 { return flink.JavaStringHash(k) & mask }
		cur := &Current[string]{hasher: newHasher(code)}
		table := NewTable[string, Void, int](cur, checkpoint.KeyGroupRange{Start: 5, End: 5 + groups - 1}, nil)
		model := make(map[string]int)
		type shot struct {
			f    *frozen[string, Void, int]
			want map[string]int
		}
		var shots []shot
		some := rapid.StringMatching(`[a-e]{0,4}`)
		keys := rapid.OneOf(rapid.SliceOfN(some, 1, 120), rapid.SliceOfN(some, 100, 240)).Draw(t, "keys")
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
			cur.set(k, groupOf(k))
		}
		t.Repeat(map[string]func(*rapid.T){
			"look ahead": func(t *rapid.T) {
				run := rapid.SliceOfN(rapid.SampledFrom(keys), 1, Ahead).Draw(t, "run")
				var codes []int32
				var in []checkpoint.KeyGroup
				for _, k := range run {
					codes, in = append(codes, code(k)), append(in, groupOf(k))
				}
				cur.begin(run, codes, in)
				table.foresee()
				for i, k := range run {
					if there := table.entries[i] != none; there != hasKey(model, k) {
						t.Fatalf("%q is foreseen: %t", k, there)
					}
				}
				cur.Next()
			},
			"put": func(t *rapid.T) {
				set(t)
				ref, existed := table.Ref()
				want, was := model[cur.Key()]
				if existed != was || *ref != want {
					t.Fatalf("Ref(%q) = %d, %t; want %d, %t", cur.Key(), *ref, existed, want, was)
				}
				*ref = rapid.Int().Draw(t, "value")
				model[cur.Key()] = *ref
			},
			"set": func(t *rapid.T) {
				set(t)
				model[cur.Key()] = rapid.Int().Draw(t, "value")
				table.Set(model[cur.Key()])
			},
			"add": func(t *rapid.T) {
				set(t)
				v, ok := table.Get()
				if want, was := model[cur.Key()]; v != want || ok != was {
					t.Fatalf("Get(%q) = %d, %t; want %d, %t", cur.Key(), v, ok, want, was)
				}
				table.Set(v + 1)
				model[cur.Key()] = v + 1
			},
			"put all": func(t *rapid.T) {
				n := rapid.Int().Draw(t, "values from")
				for i, k := range keys {
					cur.set(k, groupOf(k))
					table.Set(n + i)
					model[k] = n + i
				}
			},
			"again": func(t *rapid.T) {
				// The key that is current still, after whatever happened meanwhile.
				if cur.at() >= uint64(len(cur.keys)) {
					return
				}
				v, ok := table.Get()
				if want, was := model[cur.Key()]; v != want || ok != was {
					t.Fatalf("Get(%q) = %d, %t; want %d, %t", cur.Key(), v, ok, want, was)
				}
				switch rapid.IntRange(0, 2).Draw(t, "change it") {
				case 0:
					table.Set(v - 1)
					model[cur.Key()] = v - 1
				case 1:
					ref, _ := table.Ref()
					*ref = v + 7
					model[cur.Key()] = v + 7
				}
			},
			"get": func(t *rapid.T) {
				set(t)
				v, ok := table.Get()
				if want, was := model[cur.Key()]; v != want || ok != was {
					t.Fatalf("Get(%q) = %d, %t; want %d, %t", cur.Key(), v, ok, want, was)
				}
			},
			"delete": func(t *rapid.T) {
				set(t)
				_, was := model[cur.Key()]
				if ok := table.Clear(); ok != was {
					t.Fatalf("Clear() of %q = %t, want %t", cur.Key(), ok, was)
				}
				delete(model, cur.Key())
			},
			"reserve": func(t *rapid.T) {
				table.reserve(checkpoint.KeyGroup(rapid.IntRange(5, 5+groups-1).Draw(t, "group")), rapid.IntRange(0, 200).Draw(t, "n"))
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
				for i, g := range table.groups {
					slots := len(g.index) - count(g.index, 0)
					if slots != g.n {
						t.Fatalf("group %d: %d slots for %d entries", i, slots, g.n)
					}
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
	cur := &Current[int64]{hasher: newHasher(flink.JavaLongHash)}
	table := NewTable[int64, Void, int64](cur, checkpoint.KeyGroupRange{Start: 0, End: 0}, nil)
	keys, codes, in := make([]int64, Ahead), make([]int32, Ahead), make([]checkpoint.KeyGroup, Ahead)
	for i := range keys {
		keys[i], codes[i] = int64(i), int32(i)
	}
	run := func(ask bool) (known int) {
		cur.begin(keys, codes, in)
		table.lookAhead()
		known = table.known
		for i := range keys {
			cur.Next()
			if !ask {
				continue
			}
			if e := table.foreseen(cur.seq); known > 0 && e != i {
				t.Fatalf("key %d: foresaw entry %d", i, e)
			}
		}
		return known
	}
	fill := func(n int64) {
		for k := range n {
			cur.set(k, 0)
			table.Ref()
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

// An entry that moves while a run is processed is found where it is then.
func TestDeletingInARun(t *testing.T) {
	cur := &Current[int64]{hasher: newHasher(flink.JavaLongHash)}
	table := NewTable[int64, Void, int64](cur, checkpoint.KeyGroupRange{Start: 0, End: 0}, nil)
	keys, codes, in := make([]int64, Ahead), make([]int32, Ahead), make([]checkpoint.KeyGroup, Ahead)
	for i := range keys {
		keys[i], codes[i] = int64(i), int32(i)
		cur.set(keys[i], 0)
		table.Set(keys[i])
	}
	cur.begin(keys, codes, in)
	table.foresee()
	for i := range keys {
		cur.Next()
		if v, ok := table.Get(); v != keys[i] || !ok {
			t.Fatalf("key %d has %d, %t", i, v, ok)
		}
		if i%2 == 0 {
			table.Clear()
		}
	}
}

// What a snapshot has written it needs no longer: a write goes to the page that is there.
func TestWrittenPagesAreNotCopied(t *testing.T) {
	s := newDeep(t)
	s.fill()
	table := s.states[0].(*cells[int64, Void, int64])
	page := func(group int) *page[entry[int64, Void, int64]] { return table.table.groups[group].list[0].page }
	snapshot := s.Snapshot().(*snapshot)
	defer snapshot.Release()
	for group := range deepGroups {
		if err := snapshot.writeGroup(new(encoder), group); err != nil {
			t.Fatal(err)
		}
		for g := range deepGroups {
			before := page(g)
			s.at(int64(g))
			s.number.Set(1)
			copied := page(g) != before
			if want := g > group && group == 0; copied != want {
				t.Errorf("with group %d written, the page of group %d is copied: %t", group, g, copied)
			}
		}
	}
}

// After a snapshot is released nothing is copied any more: a write goes to the page that
// is there.
func TestReleasedPagesAreNotCopied(t *testing.T) {
	cur := &Current[int64]{hasher: newHasher(flink.JavaLongHash)}
	table := NewTable[int64, Void, int64](cur, checkpoint.KeyGroupRange{Start: 0, End: 0}, nil)
	for k := range int64(1000) {
		cur.set(k, 0)
		table.Ref()
	}
	f := table.freeze()
	cur.set(7, 0)
	table.Ref()
	copied := table.groups[0].list[0]
	f.release()
	cur.set(500, 0)
	at := table.groups[0].list[500>>pageBits]
	table.Ref()
	if table.groups[0].list[500>>pageBits] != at {
		t.Error("a page was copied after the snapshot was released")
	}
	if table.groups[0].list[0] != copied {
		t.Error("the page copied while frozen was copied again")
	}
	if allocs := testing.AllocsPerRun(100, func() { cur.set(500, 0); table.Ref() }); allocs != 0 {
		t.Errorf("%v allocations to write a key that is there", allocs)
	}
}

// A key that is cut out of a record does not keep the record in memory: the table has a copy.
func TestKeysAreTheTablesOwn(t *testing.T) {
	b := NewBackend(checkpoint.KeyGroupRange{Start: 0, End: 0}, of[string](t), flink.JavaStringHash)
	if _, err := NewValue(b, "n", PlainValue, of[int64](t)); err != nil {
		t.Fatal(err)
	}
	s := b.states[0].(*cells[string, Void, int64]).table
	record := strings.Repeat("key", 1000)
	b.Set(record[:3], 0)
	s.Set(1)
	kept := s.groups[0].list[0].page[0].key
	if kept != "key" || unsafe.StringData(kept) == unsafe.StringData(record) {
		t.Errorf("%q is kept, in the record's memory", kept)
	}
}

// A place that no snapshot can see is written without a call, again and again; one that a
// snapshot saw, from the next key on.
func TestOwnPlaces(t *testing.T) {
	cur := &Current[int64]{hasher: newHasher(flink.JavaLongHash)}
	table := NewTable[int64, Void, int64](cur, checkpoint.KeyGroupRange{Start: 0, End: 0}, nil)
	own := func(when string, want bool) {
		t.Helper()
		cur.set(7, 0)
		table.Get()
		if table.mine != want {
			t.Errorf("%s the place is the table's own: %t", when, table.mine)
		}
	}
	cur.set(7, 0)
	table.Set(1)
	own("without a snapshot", true)
	f := table.freeze()
	own("in a snapshot", false)
	f.release()
	own("after a snapshot", true)
}

// A page is let go with the last of its entries, also after the end of the list of pages.
func TestDeletedPagesAreLetGo(t *testing.T) {
	cur := &Current[int64]{hasher: newHasher(flink.JavaLongHash)}
	table := NewTable[int64, Void, int64](cur, checkpoint.KeyGroupRange{Start: 0, End: 0}, nil)
	for k := range int64(pageSize + 1) {
		cur.set(k, 0)
		table.Ref()
	}
	cur.set(0, 0)
	table.Clear()
	pages := table.groups[0].list
	for i, p := range pages[:cap(pages)] {
		if (p.page == nil) != (i > 0) {
			t.Errorf("page %d of 1 is there: %t", i, p.page != nil)
		}
	}
}

// Keys that were chosen so that they all have one hash code are found by a hash that is
// not known outside: a search takes as many steps as among other keys.
func TestChosenKeysDoNotCollide(t *testing.T) {
	// "Aa" and "BB" have the same hash code, and so have all words made of them.
	words := []string{""}
	for len(words) < 1<<12 {
		var longer []string
		for _, w := range words {
			longer = append(longer, w+"Aa", w+"BB")
		}
		words = longer
	}
	cur := &Current[string]{hasher: newHasher(flink.JavaStringHash)}
	table := NewTable[string, Void, int](cur, checkpoint.KeyGroupRange{Start: 0, End: 0}, nil)
	for i, w := range words {
		if strong := table.groups[0].crowded; strong != (i > crowd) {
			t.Fatalf("with %d keys of one code, whole keys are hashed: %t", i, strong)
		}
		if code := flink.JavaStringHash(w); code != flink.JavaStringHash(words[0]) {
			t.Fatalf("%q has the code %d", w, code)
		}
		cur.set(w, 0)
		table.Set(i)
	}
	fewSteps(t, table, words)
	var codes [Ahead]int32
	for i := range codes {
		codes[i] = flink.JavaStringHash(words[i])
	}
	cur.begin(words[:Ahead], codes[:], make([]checkpoint.KeyGroup, Ahead))
	table.foresee()
	for i, e := range table.entries {
		if e != i {
			t.Fatalf("entry %d is foreseen as %d", i, e)
		}
	}
}

// fewSteps checks that a search takes few steps; entry i has key and value i.
func fewSteps[K comparable](t *testing.T, table *Table[K, Void, int], keys []K) {
	t.Helper()
	g := &table.groups[0]
	steps := 0
	for i, k := range keys {
		table.current.set(k, 0)
		if v, ok := table.Get(); v != i || !ok {
			t.Fatalf("Get(%v) = %d, %t; want %d", k, v, ok, i)
		}
		hash := table.hash(g, g.at(i))
		steps += (g.index.slotOf(i, hash)-int(hash))&(len(g.index)-1) + 1
	}
	if steps > 3*len(keys) {
		t.Errorf("%d steps to find %d keys", steps, len(keys))
	}
}

// Keys of different codes, chosen so that the codes have their lower bits, or their upper
// ones, in common, are spread by what is mixed into them.
func TestChosenCodesAreSpread(t *testing.T) {
	for _, shift := range []int{0, 12, 19} {
		cur := &Current[int64]{hasher: newHasher(flink.JavaLongHash)}
		table := NewTable[int64, Void, int](cur, checkpoint.KeyGroupRange{Start: 0, End: 0}, nil)
		keys := make([]int64, 1<<12)
		for i := range keys {
			keys[i] = int64(i) << shift
			cur.set(keys[i], 0)
			table.Set(i)
		}
		if table.groups[0].crowded {
			t.Error("whole keys are hashed")
		}
		fewSteps(t, table, keys)
	}
}
