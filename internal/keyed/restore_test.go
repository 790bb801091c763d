package keyed

import (
	"bytes"
	"errors"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/weirstream/weir/checkpoint"
	"github.com/weirstream/weir/flink"
	"github.com/weirstream/weir/internal/codec"
	"github.com/weirstream/weir/internal/flow"
)

// bytesOf are the bytes of a part.
func bytesOf(p flow.KeyedPart) []byte {
	data := make([]byte, p.Size)
	p.Data.ReadAt(data, 0)
	return data
}

// with is the part with other bytes.
func with(p flow.KeyedPart, data []byte) []flow.KeyedPart {
	p.Data, p.Size = bytes.NewReader(data), int64(len(data))
	return []flow.KeyedPart{p}
}

// newNumbers returns a backend of some key groups with a number for each key.
func newNumbers(t *testing.T, groups int) (*Backend[int64], *Slot[int64]) {
	b := NewBackend(checkpoint.KeyGroupRange{End: groups - 1}, of[int64](t), flink.JavaLongHash)
	n, err := NewValue(b, "n", PlainValue, of[int64](t))
	if err != nil {
		t.Fatal(err)
	}
	return b, n
}

func TestDeclaring(t *testing.T) {
	b, _ := newNumbers(t, 1)
	_, twice := NewList(b, "n", of[int64](t))
	_, unnamed := NewMap(b, "", of[int64](t), of[int64](t))
	_, err1 := NewTimers(b, EventTime, "user-timers")
	_, err2 := NewTimers(b, ProcessingTime, "user-timers")
	_, timersTwice := NewTimersIn(b, EventTime, "user-timers", Windows)
	b.Seal()
	_, late := NewValue(b, "m", PlainValue, of[int64](t))
	if err1 != nil || err2 != nil || len(b.states) != 3 {
		t.Errorf("timers: %v, %v; %d states", err1, err2, len(b.states))
	}
	for _, c := range []struct {
		err  error
		want string
	}{{twice, "declared twice"}, {unnamed, "has no name"}, {timersTwice, "declared twice"}, {late, "declared too late"}} {
		if c.err == nil || !strings.Contains(c.err.Error(), c.want) {
			t.Errorf("got %v, want: %s", c.err, c.want)
		}
	}
}

// The key groups of a part may be in any order, and parts without key groups of the
// subtask are not read.
func TestKeyGroupsInAnyOrder(t *testing.T) {
	b, n := newNumbers(t, 3)
	for key := range int64(30) {
		b.Set(key, checkpoint.KeyGroup(key%3))
		n.Set(key)
	}
	p := write(t, b.Snapshot())
	data := bytesOf(p)
	header, blocks := data[:p.Offsets[0]], [][]byte{data[p.Offsets[0]:p.Offsets[1]], data[p.Offsets[1]:p.Offsets[2]], data[p.Offsets[2]:]}
	mixed := slices.Clone(header)
	for _, g := range []int{2, 0, 1} {
		p.Offsets[g] = int64(len(mixed))
		mixed = append(mixed, blocks[g]...)
	}
	parts := with(p, mixed)
	parts = append(parts, flow.KeyedPart{Range: checkpoint.KeyGroupRange{Start: 3, End: 9}, From: "what is not there"})
	again, m := newNumbers(t, 3)
	if err := again.Restore(parts, false); err != nil {
		t.Fatal(err)
	}
	for key := range int64(30) {
		again.Set(key, checkpoint.KeyGroup(key%3))
		if v, ok := m.Get(); v != key || !ok {
			t.Errorf("key %d has %d, %t", key, v, ok)
		}
	}
}

// What a checkpoint cannot be is refused, and what it does not hold is not made up.
func TestRestoreOfWhatMakesNoSense(t *testing.T) {
	b, n := newNumbers(t, 1)
	for key := range int64(2) {
		b.Set(key, 0)
		n.Set(key)
	}
	p := write(t, b.Snapshot())
	data := bytesOf(p)
	at := int(p.Offsets[0]) + 4 + 2 + 4 // key group, number of the state, entries
	const entry = 1 + 8 + 8
	twice := slices.Clone(data)
	copy(twice[at+entry:], twice[at:at+entry])
	short := with(p, data[:len(data)-entry])
	short[0].Size = p.Size
	for _, c := range []struct {
		what  string
		parts []flow.KeyedPart
		want  string
	}{
		{"a key twice", with(p, twice), "a key that is there twice: "},
		{"a byte more", with(p, append(slices.Clone(data), 0)), "1 bytes after the last entry"},
		{"fewer bytes than were said", short, "read "},
		{"a block after the end", []flow.KeyedPart{{Range: p.Range, Offsets: []int64{p.Size + 1}, Data: p.Data, Size: p.Size}}, "at offset "},
		{"a block before the beginning", []flow.KeyedPart{{Range: p.Range, Offsets: []int64{-1}, Data: p.Data, Size: p.Size}}, "at offset "},
	} {
		again, _ := newNumbers(t, 1)
		if err := again.Restore(c.parts, false); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want: %s", c.what, err, c.want)
		}
	}
	many := slices.Clone(data)
	copy(many[at-4:], "\x7f\xff\xff\xff")
	again, _ := newNumbers(t, 1)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	err := again.Restore(with(p, many), false)
	runtime.ReadMemStats(&after)
	if cost := after.TotalAlloc - before.TotalAlloc; err == nil || cost > 1<<20 {
		t.Errorf("of a block that says it has 2147483647 entries: %v, and %d bytes were allocated", err, cost)
	}
}

// A part that was written with Flink's snapshot compression is refused, not misread.
func TestCompressedPart(t *testing.T) {
	b, _ := newNumbers(t, 1)
	h := b.header()
	h.Compressed = true
	data, err := h.AppendTo(nil)
	if err != nil {
		t.Fatal(err)
	}
	p := flow.KeyedPart{Range: b.keyGroups, Offsets: []int64{int64(len(data))}, From: "memory"}
	err = b.Restore(with(p, append(data, 0, 0, 0, 0, 0, 0)), true)
	wantIncompatible(t, err, "compressed")
}

// Keys and values of any codec that a restore is given are read by what wrote them, and what
// cannot be read fails with its place.
func TestErrorsOfCodecs(t *testing.T) {
	errBad := errors.New("a bad value")
	c := codec.Custom("bad", 1, func(dst []byte, v int64) ([]byte, error) { return append(dst, byte(v)), nil },
		func(src []byte) (int64, error) { return 0, errBad })
	newBad := func(what string) *Backend[int64] {
		b := NewBackend(checkpoint.KeyGroupRange{}, of[int64](t), flink.JavaLongHash)
		var err error
		b.Set(1, 0)
		switch what {
		case "value":
			var s *Slot[int64]
			s, err = NewValue(b, what, PlainValue, c)
			s.Set(1)
		case "list":
			var s ListCell[int64]
			s, err = NewList(b, what, c)
			s.Add(1)
		case "map":
			var s MapCell[int64, int64]
			s, err = NewMap(b, what, of[int64](t), c)
			s.Put(1, 1)
		case "map key":
			var s MapCell[int64, int64]
			s, err = NewMap(b, what, c, of[int64](t))
			s.Put(1, 1)
		}
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	for _, what := range []string{"value", "list", "map", "map key"} {
		part := write(t, newBad(what).Snapshot())
		err := newBad(what).Restore([]flow.KeyedPart{part}, false)
		if !errors.Is(err, errBad) || !strings.Contains(err.Error(), "value of key 1") {
			t.Errorf("%s: %v", what, err)
		}
	}
}
