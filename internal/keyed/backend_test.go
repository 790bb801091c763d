package keyed

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/weirstream/weir/checkpoint"
	"github.com/weirstream/weir/flink"
	"github.com/weirstream/weir/internal/codec"
	"github.com/weirstream/weir/internal/flow"
)

// of returns the codec for T.
func of[T any](t interface{ Fatal(...any) }) codec.Codec[T] {
	c, err := codec.Of[T]()
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// A sample is a backend with a state of each kind, and where to find them.
type sample struct {
	*Backend[string]
	hash  func(string) int32
	max   int
	count *Slot[int64]
	list  ListCell[string]
	table MapCell[string, int64]
	sum   *Slot[float64]
	panes *Values[Window, int64]
	rows  *Lists[Window, string]
	cells *Maps[Window, string, int64]
	wakes *Timers[string, Void]
	ends  *Timers[string, Window]
}

func newSample(t interface{ Fatal(...any) }, subtask, parallelism, maxParallelism int) *sample {
	kc := of[string](t)
	hash, err := codec.HashOf(kc)
	if err != nil {
		t.Fatal(err)
	}
	s := &sample{
		Backend: NewBackend(flink.KeyGroupRangeOf(checkpoint.Subtask(subtask), maxParallelism, parallelism), kc, hash),
		hash:    hash, max: maxParallelism,
	}
	must := func(err error) {
		if err != nil {
			t.Fatal(err)
		}
	}
	s.count, err = NewValue(s.Backend, "count", PlainValue, of[int64](t))
	must(err)
	s.list, err = NewList(s.Backend, "list", of[string](t))
	must(err)
	s.table, err = NewMap(s.Backend, "table", of[string](t), of[int64](t))
	must(err)
	s.sum, err = NewValue(s.Backend, "sum", AggregatingValue, of[float64](t))
	must(err)
	s.panes, err = NewValues(s.Backend, "panes", ReducingValue, Windows, of[int64](t))
	must(err)
	s.rows, err = NewLists(s.Backend, "rows", Windows, of[string](t))
	must(err)
	s.cells, err = NewMaps(s.Backend, "cells", Windows, of[string](t), of[int64](t))
	must(err)
	s.wakes, err = NewTimers(s.Backend, ProcessingTime, "user-timers")
	must(err)
	s.ends, err = NewTimersIn(s.Backend, EventTime, "window-timers", Windows)
	must(err)
	return s
}

// at makes key the current key, and reports whether the backend has its key group.
func (s *sample) at(key string) bool {
	g := flink.KeyGroupOf(s.hash(key), s.max)
	if !s.keyGroups.Contains(g) {
		return false
	}
	s.Set(key, g)
	return true
}

// value is what all states hold for one key, as text.
func (s *sample) value() string {
	var b strings.Builder
	if v, ok := s.count.Get(); ok {
		fmt.Fprintf(&b, "count=%d ", v)
	}
	if s.list.Len() > 0 {
		fmt.Fprintf(&b, "list=%q ", slices.Collect(s.list.All()))
	}
	for _, k := range slices.Sorted(maps.Keys(maps.Collect(s.table.All()))) {
		v, _ := s.table.Get(k)
		fmt.Fprintf(&b, "table[%q]=%d ", k, v)
	}
	if v, ok := s.sum.Get(); ok {
		fmt.Fprintf(&b, "sum=%v ", v)
	}
	for i := range int64(3) {
		w := Window{i, i + 2}
		if v, ok := s.panes.In(w).Get(); ok {
			fmt.Fprintf(&b, "panes[%v]=%d ", w, v)
		}
		if rows := s.rows.In(w); rows.Len() > 0 {
			fmt.Fprintf(&b, "rows[%v]=%q ", w, slices.Collect(rows.All()))
		}
		if v, ok := s.cells.In(w).Get("x"); ok {
			fmt.Fprintf(&b, "cells[%v][x]=%d ", w, v)
		}
		if hasTimer(s.wakes, i) {
			fmt.Fprintf(&b, "wakes[%d] ", i)
		}
		s.ends.In(w)
		if hasTimer(s.ends, i) {
			fmt.Fprintf(&b, "ends[%v][%d] ", w, i)
		}
	}
	return b.String()
}

// hasTimer reports whether there is a timer of the current key and namespace.
func hasTimer[K, N comparable](t *Timers[K, N], at int64) bool {
	g, timer := t.current(at)
	_, _, found := t.queues[g].find(&timer)
	return found
}

// write writes the state as a checkpoint would.
func write(t interface{ Fatal(...any) }, s flow.KeyedSnapshot) flow.KeyedPart {
	var buf bytes.Buffer
	offsets, err := s.Write(&buf)
	if err != nil {
		t.Fatal(err)
	}
	return flow.KeyedPart{Range: s.Range(), Offsets: offsets, Data: bytes.NewReader(buf.Bytes()), Size: int64(buf.Len()), From: "memory"}
}

var anyKey = rapid.OneOf(
	rapid.SampledFrom([]string{"", "a", "😀", "日本", "\x00", "\xff\xfe", strings.Repeat("long", 60)}),
	rapid.String(),
)

// Random states, changed while a snapshot of them is alive, are restored at any
// parallelism as they were at the snapshot.
func TestRestoreAtAnyParallelism(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		maxParallelism := rapid.SampledFrom([]int{1, 4, 128, 129}).Draw(t, "max parallelism")
		before := rapid.IntRange(1, min(4, maxParallelism)).Draw(t, "parallelism before")
		after := rapid.IntRange(1, min(4, maxParallelism)).Draw(t, "parallelism after")
		keys := rapid.SliceOfN(anyKey, 1, 40).Draw(t, "keys")
		old := make([]*sample, before)
		for i := range old {
			old[i] = newSample(t, i, before, maxParallelism)
		}
		change := func(n int) {
			for range n {
				k := rapid.SampledFrom(keys).Draw(t, "key")
				for _, s := range old {
					if !s.at(k) {
						continue
					}
					i := rapid.Int64Range(0, 2).Draw(t, "window")
					w := Window{i, i + 2}
					s.ends.In(w)
					switch rapid.IntRange(0, 12).Draw(t, "op") {
					case 0, 1:
						ref, _ := s.count.Ref()
						*ref += rapid.Int64().Draw(t, "n")
					case 2:
						s.list.Add(rapid.String().Draw(t, "element"))
					case 3:
						s.table.Put(rapid.SampledFrom([]string{"", "x", "y"}).Draw(t, "user key"), rapid.Int64().Draw(t, "n"))
					case 4:
						s.table.Remove("x")
					case 5:
						ref, _ := s.sum.Ref()
						*ref = rapid.Float64().Draw(t, "f")
					case 6:
						s.count.Clear()
						s.list.Clear()
						s.table.Clear()
					case 7:
						ref, _ := s.panes.In(w).Ref()
						*ref += i + 1
					case 8:
						s.rows.In(w).Add(k)
					case 9:
						s.cells.In(w).Put("x", i)
					case 10:
						s.wakes.Register(i)
						s.ends.Register(i)
					case 11:
						s.wakes.Delete(i)
						s.ends.Delete(i)
					case 12:
						s.panes.In(w).Clear()
						s.rows.In(w).Clear()
						s.cells.In(w).Clear()
					}
				}
			}
		}
		change(rapid.IntRange(0, 150).Draw(t, "changes before"))
		want := make(map[string]string)
		var snapshots []flow.KeyedSnapshot
		for _, s := range old {
			for _, k := range keys {
				if s.at(k) {
					want[k] = s.value()
				}
			}
			snapshots = append(snapshots, s.Snapshot())
		}
		change(rapid.IntRange(0, 100).Draw(t, "changes after"))
		var parts []flow.KeyedPart
		for _, s := range snapshots {
			parts = append(parts, write(t, s))
			s.Release()
		}
		entries := 0
		for i := range after {
			s := newSample(t, i, after, maxParallelism)
			if err := s.Restore(parts, false); err != nil {
				t.Fatal(err)
			}
			for _, k := range keys {
				if s.at(k) && s.value() != want[k] {
					t.Fatalf("key %q: got %s, want %s", k, s.value(), want[k])
				}
			}
			entries += s.Entries()
		}
		total := 0
		for _, p := range parts {
			h := &flink.KeyGroupsHandle{Tag: flink.TagKeyGroupsV2, Range: p.Range, Offsets: p.Offsets}
			data := make([]byte, p.Size)
			p.Data.ReadAt(data, 0)
			lists := make(map[string]bool)
			for e, err := range flink.KeyedEntries(h, data) {
				if err != nil {
					t.Fatal(err)
				}
				// A map is one entry here, and one for each user key to that reader.
				id := fmt.Sprintf("%s %q %v", e.State.Name, e.Key, e.Namespace)
				if e.State.Kind == flink.KindPriorityQueue {
					id += fmt.Sprint(e.Value)
				}
				if !lists[id] {
					lists[id] = true
					total++
				}
			}
		}
		if entries != total {
			t.Fatalf("%d entries restored, an independent reader finds %d", entries, total)
		}
	})
}

func TestRestoreRefusesWhatDoesNotFit(t *testing.T) {
	old := newSample(t, 0, 1, 128)
	old.at("k")
	ref, _ := old.count.Ref()
	*ref = 7
	part := []flow.KeyedPart{write(t, old.Snapshot())}
	all := checkpoint.KeyGroupRange{Start: 0, End: 127}

	t.Run("other key type", func(t *testing.T) {
		b := NewBackend(all, of[int64](t), flink.JavaLongHash)
		wantIncompatible(t, b.Restore(part, true), "the type of the key", "string", "int64")
	})
	t.Run("state removed", func(t *testing.T) {
		b := NewBackend(all, of[string](t), flink.JavaStringHash)
		if _, err := NewValue(b, "count", PlainValue, of[int64](t)); err != nil {
			t.Fatal(err)
		}
		wantIncompatible(t, b.Restore(part, false), `state "list"`, "Options.AllowNonRestoredState")
		b = NewBackend(all, of[string](t), flink.JavaStringHash)
		count, err := NewValue(b, "count", PlainValue, of[int64](t))
		if err != nil {
			t.Fatal(err)
		}
		if err := b.Restore(part, true); err != nil {
			t.Fatal(err)
		}
		b.Set("k", old.Current.group[0])
		if v, _ := count.Get(); v != 7 {
			t.Errorf("count is %d beside states that were dropped, want 7", v)
		}
	})
	t.Run("other value type", func(t *testing.T) {
		b := NewBackend(all, of[string](t), flink.JavaStringHash)
		if _, err := NewValue(b, "count", PlainValue, of[string](t)); err != nil {
			t.Fatal(err)
		}
		wantIncompatible(t, b.Restore(part, true), `state "count"`, "int64", "string")
	})
	t.Run("other kind of state", func(t *testing.T) {
		b := NewBackend(all, of[string](t), flink.JavaStringHash)
		if _, err := NewValue(b, "count", ReducingValue, of[int64](t)); err != nil {
			t.Fatal(err)
		}
		wantIncompatible(t, b.Restore(part, true), `state "count"`, "VALUE", "REDUCING")
	})
}

func wantIncompatible(t *testing.T, err error, words ...string) {
	t.Helper()
	var e *IncompatibleError
	if !errors.As(err, &e) || !flow.IsPermanent(err) {
		t.Fatalf("got %v, want an *IncompatibleError that is permanent", err)
	}
	for _, w := range words {
		if !strings.Contains(err.Error(), w) {
			t.Errorf("%q does not say %q", err, w)
		}
	}
}

// Every prefix of a state file, and every flipped byte, is an error or a state; never a
// panic. (The store finds both before; this is the second line.)
func TestRestoreOfDamagedBytes(t *testing.T) {
	old := newSample(t, 0, 1, 4)
	for i := range 20 {
		old.at(fmt.Sprint("key", i))
		ref, _ := old.count.Ref()
		*ref = int64(i)
		old.table.Put("u", int64(i))
	}
	p := write(t, old.Snapshot())
	data := make([]byte, p.Size)
	p.Data.ReadAt(data, 0)
	first, step := 0, 1
	if testing.Short() {
		first, step = rand.IntN(8), 8
		t.Logf("with -short every %dth byte, this time from byte %d on", step, first)
	}
	for n := first; n < len(data); n += step {
		q := p
		q.Data, q.Size = bytes.NewReader(data[:n]), int64(n)
		if newSample(t, 0, 1, 4).Restore([]flow.KeyedPart{q}, false) == nil {
			t.Fatalf("the first %d of %d bytes were restored without an error", n, len(data))
		}
		for _, flip := range []byte{0x01, 0x80, 0xff} {
			bad := slices.Clone(data)
			bad[n] ^= flip
			q.Data, q.Size = bytes.NewReader(bad), p.Size
			_ = newSample(t, 0, 1, 4).Restore([]flow.KeyedPart{q}, false)
		}
	}
}

// A struct that has got a field is read with the field's default, in every kind of state.
func TestStructsMayGrow(t *testing.T) {
	all := checkpoint.KeyGroupRange{Start: 0, End: 0}
	written := func() flow.KeyedPart {
		type visit struct{ Page string }
		b := NewBackend(all, of[string](t), flink.JavaStringHash)
		value, err1 := NewValue(b, "value", PlainValue, of[visit](t))
		list, err2 := NewList(b, "list", of[visit](t))
		table, err3 := NewMap(b, "map", of[string](t), of[visit](t))
		if err := errors.Join(err1, err2, err3); err != nil {
			t.Fatal(err)
		}
		b.Set("k", 0)
		v, _ := value.Ref()
		*v = visit{"a"}
		list.Add(visit{"b"})
		table.Put("u", visit{"c"})
		return write(t, b.Snapshot())
	}()
	type visit struct {
		Page string
		Took int64 `avro:",default=-1"`
	}
	b := NewBackend(all, of[string](t), flink.JavaStringHash)
	value, err1 := NewValue(b, "value", PlainValue, of[visit](t))
	list, err2 := NewList(b, "list", of[visit](t))
	table, err3 := NewMap(b, "map", of[string](t), of[visit](t))
	if err := errors.Join(err1, err2, err3); err != nil {
		t.Fatal(err)
	}
	if err := b.Restore([]flow.KeyedPart{written}, false); err != nil {
		t.Fatal(err)
	}
	b.Set("k", 0)
	v, _ := value.Get()
	l := slices.Collect(list.All())
	m, _ := table.Get("u")
	if v != (visit{"a", -1}) || len(l) != 1 || l[0] != (visit{"b", -1}) || m != (visit{"c", -1}) {
		t.Errorf("got %v, %v and %v", v, l, m)
	}
}
