package keyed

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"

	"pgregory.net/rapid"

	"github.com/weirstream/weir/checkpoint"
	"github.com/weirstream/weir/flink"
	"github.com/weirstream/weir/internal/flow"
)

// A deep is a backend with states of values that refer to memory, in every way in which
// they can, and of values that do not.
type deep struct {
	*Backend[int64]
	number *Slot[int64]
	slice  *Slot[[]int64]
	goMap  *Slot[map[int64]int64]
	list   ListCell[int64]
	slices ListCell[[]int64]
	table  MapCell[int64, int64]
	tables MapCell[int64, []int64]
}

// deepGroups is how many key groups there are; a key's is the key modulo that.
const deepGroups = 3

func newDeep(t interface{ Fatal(...any) }) *deep {
	s := &deep{Backend: NewBackend(checkpoint.KeyGroupRange{Start: 0, End: deepGroups - 1}, of[int64](t), flink.JavaLongHash)}
	var errs [7]error
	s.number, errs[0] = NewValue(s.Backend, "number", PlainValue, of[int64](t))
	s.slice, errs[1] = NewValue(s.Backend, "slice", PlainValue, of[[]int64](t))
	s.goMap, errs[2] = NewValue(s.Backend, "go map", AggregatingValue, of[map[int64]int64](t))
	s.list, errs[3] = NewList(s.Backend, "list", of[int64](t))
	s.slices, errs[4] = NewList(s.Backend, "slices", of[[]int64](t))
	s.table, errs[5] = NewMap(s.Backend, "table", of[int64](t), of[int64](t))
	s.tables, errs[6] = NewMap(s.Backend, "tables", of[int64](t), of[[]int64](t))
	for _, err := range errs {
		if err != nil {
			t.Fatal(err)
		}
	}
	return s
}

func (s *deep) at(key int64) { s.Set(key, checkpoint.KeyGroup(key%deepGroups)) }

// text is what the states hold for the current key.
func (s *deep) text() string {
	var b strings.Builder
	if v, ok := s.number.Get(); ok {
		fmt.Fprint(&b, "number ", v, "\n")
	}
	if v, ok := s.slice.Get(); ok {
		fmt.Fprint(&b, "slice ", v, "\n")
	}
	if v, ok := s.goMap.Get(); ok {
		fmt.Fprint(&b, "go map ", v, "\n")
	}
	if s.list.Len() > 0 {
		fmt.Fprint(&b, "list ", slices.Collect(s.list.All()), "\n")
	}
	if s.slices.Len() > 0 {
		fmt.Fprint(&b, "slices ", slices.Collect(s.slices.All()), "\n")
	}
	if s.table.Len() > 0 {
		fmt.Fprint(&b, "table ", maps.Collect(s.table.All()), "\n")
	}
	if s.tables.Len() > 0 {
		fmt.Fprint(&b, "tables ", maps.Collect(s.tables.All()), "\n")
	}
	return b.String()
}

// A change is something that a job does with the states of one key: what and n say what.
type change struct {
	key  int64
	what int
	n    int64
}

var anyChange = rapid.Custom(func(t *rapid.T) change {
	return change{rapid.Int64Range(0, 6).Draw(t, "key"), rapid.IntRange(0, 19).Draw(t, "what"), rapid.Int64Range(0, 60).Draw(t, "n")}
})

// do makes a change. What Get and All return is changed in place, as it may be.
func (s *deep) do(c change) {
	s.at(c.key)
	switch c.what {
	case 0:
		ref, _ := s.number.Ref()
		*ref += c.n
	case 1:
		v, _ := s.slice.Get()
		s.slice.Set(append(v, c.n))
	case 2:
		if v, _ := s.slice.Get(); len(v) > 0 {
			v[c.n%int64(len(v))]++
		}
	case 3:
		if v, ok := s.slice.Get(); ok {
			s.slice.Set(v[:0])
		}
	case 4:
		m, ok := s.goMap.Get()
		if !ok {
			m = make(map[int64]int64)
			s.goMap.Set(m)
		}
		m[c.n]++
	case 5:
		ref, _ := s.goMap.Ref()
		*ref = map[int64]int64{c.n: 1}
	case 6:
		for i := range c.n {
			s.list.Add(i)
		}
	case 7:
		s.list.Set([]int64{c.n})
	case 8:
		s.slices.Add([]int64{c.n})
	case 9:
		for v := range s.slices.All() {
			v[0]++
		}
	case 10:
		for i := range c.n {
			s.table.Put(i, c.n)
		}
	case 11:
		s.table.Put(c.n, c.n)
	case 12:
		s.table.Remove(c.n)
		s.tables.Remove(c.n)
	case 13:
		for k := range s.table.All() {
			if k > c.n {
				s.table.Remove(k)
			}
		}
	case 14:
		for i := range c.n {
			s.tables.Put(i, []int64{c.n})
		}
	case 15:
		if v, ok := s.tables.Get(c.n); ok {
			v[0]++
			s.tables.Put(c.n, v)
		}
	case 16:
		ref, _ := s.tables.Ref(c.n)
		*ref = append(*ref, c.n)
	case 17:
		for k, v := range s.tables.All() {
			v[0] += k
		}
	case 18:
		s.number.Clear()
		s.slice.Clear()
		s.list.Clear()
		s.table.Clear()
	case 19:
		s.goMap.Clear()
		s.slices.Clear()
		s.tables.Clear()
	}
}

// A shot is a snapshot that is being written, key group by key group.
type shot struct {
	*snapshot
	out     *encoder
	offsets []int64
	want    map[int64]string
}

func (s *deep) shoot(t *rapid.T) *shot {
	want := make(map[int64]string)
	for key := range int64(7) {
		s.at(key)
		want[key] = s.text()
	}
	shot := &shot{snapshot: s.Snapshot().(*snapshot), out: &encoder{}, want: want}
	var err error
	if shot.out.buf, err = shot.header.AppendTo(nil); err != nil {
		t.Fatal(err)
	}
	return shot
}

// write writes the next key group, and reports whether it was the last one.
func (s *shot) write(t *rapid.T) (last bool) {
	s.offsets = append(s.offsets, s.out.offset())
	if err := s.writeGroup(s.out, len(s.offsets)-1); err != nil {
		t.Fatal(err)
	}
	return len(s.offsets) == s.keyGroups.Len()
}

// check restores what was written and compares it with what there was.
func (s *shot) check(t *rapid.T) {
	data := s.out.buf
	restored := newDeep(t)
	part := flow.KeyedPart{Range: s.keyGroups, Offsets: s.offsets, Data: bytes.NewReader(data), Size: int64(len(data)), From: "memory"}
	if err := restored.Restore([]flow.KeyedPart{part}, false); err != nil {
		t.Fatal(err)
	}
	for key, want := range s.want {
		restored.at(key)
		if got := restored.text(); got != want {
			t.Fatalf("key %d was written as\n%sand was\n%s", key, got, want)
		}
	}
}

// A snapshot is the state as it was, whatever is done to the state while the snapshot is
// written, and however many there are at a time. The state itself becomes what it would
// have become without snapshots.
func TestSnapshotsAreCopies(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s, twin := newDeep(t), newDeep(t)
		var shots []*shot
		t.Repeat(map[string]func(*rapid.T){
			"change": func(t *rapid.T) {
				for _, c := range rapid.SliceOfN(anyChange, 1, 12).Draw(t, "changes") {
					s.do(c)
					twin.do(c)
				}
			},
			"freeze": func(t *rapid.T) {
				if len(shots) < 3 {
					shots = append(shots, s.shoot(t))
				}
			},
			"write": func(t *rapid.T) {
				if len(shots) == 0 {
					return
				}
				i := rapid.IntRange(0, len(shots)-1).Draw(t, "snapshot")
				if shots[i].write(t) {
					shots[i].Release()
					shots[i].check(t)
					shots = slices.Delete(shots, i, i+1)
				}
			},
			"abort": func(t *rapid.T) {
				if len(shots) > 0 && rapid.IntRange(0, 9).Draw(t, "abort") == 0 {
					i := rapid.IntRange(0, len(shots)-1).Draw(t, "snapshot")
					shots[i].Release()
					shots = slices.Delete(shots, i, i+1)
				}
			},
		})
		for key := range int64(7) {
			s.at(key)
			twin.at(key)
			if got, want := s.text(), twin.text(); got != want {
				t.Fatalf("key %d has\n%sand without snapshots would have\n%s", key, got, want)
			}
		}
	})
}

// One goroutine changes values in place while another one writes them.
func TestSnapshotsAreWrittenMeanwhile(t *testing.T) {
	s := newDeep(t)
	all := func(do func(i int64)) {
		for i := range int64(500) {
			s.at(i)
			do(i)
		}
	}
	all(func(i int64) {
		s.slice.Set([]int64{0, i})
		s.slices.Add([]int64{0, i})
		s.tables.Put(1, []int64{0, i})
		s.number.Set(0)
		s.table.Put(1, 0)
	})
	for round := range int64(20) {
		snapshot := s.Snapshot()
		var part flow.KeyedPart
		var writing sync.WaitGroup
		writing.Go(func() { part = write(t, snapshot); snapshot.Release() })
		all(func(i int64) {
			v, _ := s.slice.Get()
			v[0]++
			for v := range s.slices.All() {
				v[0]++
			}
			ref, _ := s.tables.Ref(1)
			(*ref)[0]++
			n, _ := s.number.Ref()
			*n++
			s.table.Put(1, *n)
		})
		writing.Wait()
		restored := newDeep(t)
		if err := restored.Restore([]flow.KeyedPart{part}, false); err != nil {
			t.Fatal(err)
		}
		want := ""
		all(func(i int64) {
			restored.at(i)
			want = fmt.Sprintf("number %d\nslice [%d %d]\nslices [[%d %d]]\ntable map[1:%d]\ntables map[1:[%d %d]]\n", round, round, i, round, i, round, round, i)
			if got := restored.text(); got != want {
				t.Fatalf("round %d, key %d: written as\n%sand was\n%s", round, i, got, want)
			}
		})
	}
}
