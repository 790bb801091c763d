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
	"github.com/weirstream/weir/internal/codec"
	"github.com/weirstream/weir/internal/flow"
)

// A deep is a backend with states of values that refer to memory, in every way in which
// they can, and of values that do not, and timers.
type deep struct {
	*Backend[int64]
	meanwhile func() // if not nil, is called between what a snapshot encodes

	number *Slot[int64]
	slice  *Slot[[]int64]
	goMap  *Slot[map[int64]int64]
	list   ListCell[int64]
	slices ListCell[[]int64]
	table  MapCell[int64, int64]
	tables MapCell[int64, []int64]
	timers *Timers[int64, Void]
}

// interrupted is a codec of what is copied by assignment. When a snapshot encodes a value,
// nothing is locked, and a job may be doing anything.
type interrupted struct {
	codec.Codec[int64]
	*deep
}

func (i interrupted) Append(dst []byte, v int64) ([]byte, error) {
	if i.meanwhile != nil {
		i.meanwhile()
	}
	return i.Codec.Append(dst, v)
}

const (
	// deepGroups is how many key groups there are; a key's is the key modulo that.
	deepGroups = 3
	// Keys up to deepKeys have everything, others up to deepNumbers have a number.
	deepKeys, deepNumbers = 7, 300
)

func newDeep(t interface{ Fatal(...any) }) *deep {
	s := new(deep)
	plain := interrupted{of[int64](t), s}
	s.Backend = NewBackend(checkpoint.KeyGroupRange{Start: 0, End: deepGroups - 1}, codec.Codec[int64](plain), flink.JavaLongHash)
	var errs [8]error
	s.number, errs[0] = NewValue(s.Backend, "number", PlainValue, codec.Codec[int64](plain))
	s.slice, errs[1] = NewValue(s.Backend, "slice", PlainValue, of[[]int64](t))
	s.goMap, errs[2] = NewValue(s.Backend, "go map", AggregatingValue, of[map[int64]int64](t))
	s.list, errs[3] = NewList(s.Backend, "list", codec.Codec[int64](plain))
	s.slices, errs[4] = NewList(s.Backend, "slices", of[[]int64](t))
	s.table, errs[5] = NewMap(s.Backend, "table", of[int64](t), codec.Codec[int64](plain))
	s.tables, errs[6] = NewMap(s.Backend, "tables", of[int64](t), of[[]int64](t))
	s.timers, errs[7] = NewTimers(s.Backend, EventTime, "user-timers")
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
	for at := range int64(deepTimes) {
		if hasTimer(s.timers, at) {
			fmt.Fprint(&b, "timer ", at, "\n")
		}
	}
	return b.String()
}

// numbers is what keys have that have only a number.
func (s *deep) numbers() string {
	var b strings.Builder
	for key := int64(deepKeys); key < deepNumbers; key++ {
		s.at(key)
		if v, ok := s.number.Get(); ok {
			fmt.Fprint(&b, key, ": ", v, "\n")
		}
	}
	return b.String()
}

// A change is something that a job does with the states of one key: what and n say what.
type change struct {
	key  int64
	what int
	n    int64
}

// deepTimes is how many times there are timers for: more than a page has room for.
const deepTimes = 3 * runSize

var anyChange = rapid.Custom(func(t *rapid.T) change {
	return change{rapid.Int64Range(0, deepKeys-1).Draw(t, "key"), rapid.IntRange(0, len(changes)-1).Draw(t, "what"), rapid.Int64Range(0, 60).Draw(t, "n")}
})

// do makes a change.
func (s *deep) do(c change) {
	s.at(c.key)
	changes[c.what](s, c.n)
}

// fill makes all states large, for all keys.
func (s *deep) fill() {
	for key := range int64(deepKeys) {
		s.at(key)
		s.number.Set(key)
		s.slice.Set([]int64{key, key})
		s.goMap.Set(map[int64]int64{key: key})
		s.list.Set([]int64{key})
		for i := range int64(3) {
			s.slices.Add([]int64{i, key})
		}
		for i := range int64(2 * fewPairs) {
			s.table.Put(i, key)
			s.tables.Put(i, []int64{i, key})
		}
		for at := key % 2; at < deepTimes; at += 2 {
			s.timers.Register(at)
		}
	}
	for key := int64(deepKeys); key < deepNumbers; key++ {
		s.at(key)
		s.number.Set(key)
	}
}

// changes are what a job may do with the states of the current key. What Get and All
// return is changed in place, as it may be.
var changes = []func(s *deep, n int64){
	func(s *deep, n int64) {
		ref, _ := s.number.Ref()
		*ref += n
	},
	func(s *deep, n int64) {
		v, _ := s.number.Get()
		ref, _ := s.number.Ref()
		*ref = v + n
	},
	func(s *deep, n int64) {
		v, _ := s.number.Get()
		s.number.Set(v + n)
	},
	func(s *deep, n int64) {
		v, _ := s.slice.Get()
		s.slice.Set(append(v, n))
	},
	func(s *deep, n int64) {
		if v, _ := s.slice.Get(); len(v) > 0 {
			v[n%int64(len(v))]++
		}
	},
	func(s *deep, n int64) {
		if v, ok := s.slice.Get(); ok {
			s.slice.Set(v[:0])
		}
	},
	func(s *deep, n int64) {
		m, ok := s.goMap.Get()
		if !ok {
			m = make(map[int64]int64)
			s.goMap.Set(m)
		}
		m[n]++
	},
	func(s *deep, n int64) {
		ref, _ := s.goMap.Ref()
		*ref = map[int64]int64{n: 1}
	},
	func(s *deep, n int64) {
		for i := range n {
			s.list.Add(i)
		}
	},
	func(s *deep, n int64) { s.list.Set([]int64{n}) },
	func(s *deep, n int64) { s.slices.Add([]int64{n}) },
	func(s *deep, n int64) {
		for v := range s.slices.All() {
			v[0]++
		}
	},
	func(s *deep, n int64) {
		for i := range n {
			s.table.Put(i, n)
		}
	},
	func(s *deep, n int64) { s.table.Put(n, n) },
	func(s *deep, n int64) {
		ref, _ := s.table.Ref(n)
		*ref++
	},
	func(s *deep, n int64) {
		s.table.Remove(n)
		s.tables.Remove(n)
	},
	func(s *deep, n int64) {
		for k := range s.table.All() {
			if k > n {
				s.table.Remove(k)
			}
		}
	},
	func(s *deep, n int64) {
		for i := range n {
			s.tables.Put(i, []int64{n})
		}
	},
	func(s *deep, n int64) {
		if v, ok := s.tables.Get(n); ok {
			v[0]++
		}
	},
	func(s *deep, n int64) {
		ref, _ := s.tables.Ref(n)
		*ref = append(*ref, n)
	},
	func(s *deep, n int64) {
		for k, v := range s.tables.All() {
			v[0] += k
		}
	},
	func(s *deep, n int64) { s.timers.Register(n) },
	func(s *deep, n int64) {
		for at := n; at < n+60; at++ {
			s.timers.Register(at)
		}
	},
	func(s *deep, n int64) { s.timers.Delete(n) },
	func(s *deep, n int64) {
		for at := n; at < deepTimes; at++ {
			s.timers.Delete(at)
		}
	},
	func(s *deep, n int64) { // of one time any may come first, so all of it come
		for ok := true; ok; {
			_, ok = s.timers.PopDue(n)
		}
	},
	func(s *deep, n int64) {
		s.number.Clear()
		s.slice.Clear()
		s.list.Clear()
		s.table.Clear()
	},
	func(s *deep, n int64) {
		s.goMap.Clear()
		s.slices.Clear()
		s.tables.Clear()
	},
	func(s *deep, n int64) {
		for key := deepKeys + n; key < deepNumbers; key += 7 {
			s.at(key)
			ref, _ := s.number.Ref()
			*ref++
		}
	},
	func(s *deep, n int64) {
		for key := deepKeys + n; key < deepNumbers; key += 5 {
			s.at(key)
			s.number.Clear()
		}
	},
}

// A shot is a snapshot that is being written, key group by key group.
type shot struct {
	*snapshot
	out     *encoder
	offsets []int64
	want    map[int64]string
	numbers string
}

func (s *deep) shoot(t *rapid.T) *shot {
	want := make(map[int64]string)
	for key := range int64(deepKeys) {
		s.at(key)
		want[key] = s.text()
	}
	shot := &shot{out: &encoder{}, want: want, numbers: s.numbers()}
	shot.snapshot = s.Snapshot().(*snapshot)
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
	if got := restored.numbers(); got != s.numbers {
		t.Fatalf("the numbers were written as\n%sand were\n%s", got, s.numbers)
	}
}

// A snapshot is the state as it was, whatever is done to the state while the snapshot is
// written, and however many there are at a time. The state itself becomes what it would
// have become without snapshots.
func TestSnapshotsAreCopies(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s, twin := newDeep(t), newDeep(t)
		if rapid.IntRange(0, 3).Draw(t, "fill") > 0 {
			s.fill()
			twin.fill()
		}
		do := func(changes []change) {
			for _, c := range changes {
				s.do(c)
				twin.do(c)
			}
		}
		var shots []*shot
		t.Repeat(map[string]func(*rapid.T){
			"change": func(t *rapid.T) { do(rapid.SliceOfN(anyChange, 1, 12).Draw(t, "changes")) },
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
				each, meanwhile := rapid.IntRange(1, 100).Draw(t, "every"), rapid.SliceOfN(anyChange, 0, 8).Draw(t, "meanwhile")
				encoded := 0
				s.meanwhile = func() {
					if encoded++; encoded%each == 0 && len(meanwhile) > 0 {
						do(meanwhile[:1])
						meanwhile = meanwhile[1:]
					}
				}
				last := shots[i].write(t)
				s.meanwhile = nil
				if last {
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
		for key := range int64(deepKeys) {
			s.at(key)
			twin.at(key)
			if got, want := s.text(), twin.text(); got != want {
				t.Fatalf("key %d has\n%sand without snapshots would have\n%s", key, got, want)
			}
		}
		if got, want := s.numbers(), twin.numbers(); got != want {
			t.Fatalf("the numbers are\n%sand without snapshots would be\n%s", got, want)
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
