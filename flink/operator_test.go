package flink

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/snappy"
	"pgregory.net/rapid"
)

func elements(h *OperatorHandle, data []byte) ([]OperatorElement, error) {
	var all []OperatorElement
	for e, err := range OperatorElements(h, data) {
		if err != nil {
			return all, err
		}
		all = append(all, e)
	}
	return all, nil
}

func TestBytesListsRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		lists := rapid.SliceOfNDistinct(rapid.Custom(func(t *rapid.T) BytesList {
			return BytesList{
				Name:     rapid.String().Draw(t, "name"),
				Mode:     rapid.SampledFrom([]DistributionMode{ModeSplitDistribute, ModeUnion}).Draw(t, "mode"),
				Elements: rapid.SliceOfN(rapid.SliceOf(rapid.Byte()), 0, 4).Draw(t, "elements"),
			}
		}), 0, 4, func(l BytesList) string { return l.Name }).Draw(t, "lists")
		data, states, err := EncodeBytesLists(lists...)
		if err != nil {
			t.Fatal(err)
		}
		got, err := elements(&OperatorHandle{States: states}, data)
		if err != nil {
			t.Fatal(err)
		}
		i := 0
		for _, l := range lists {
			for _, want := range l.Elements {
				e := got[i]
				if e.State.Name != l.Name || e.Mode != l.Mode || !bytes.Equal(e.Value.([]byte), want) {
					t.Fatalf("element %d is %+v, want %x of %q", i, e, want, l.Name)
				}
				i++
			}
		}
		if i != len(got) {
			t.Fatalf("%d elements, want %d", len(got), i)
		}
		h := DecodeOperatorHeader(NewCursor(data))
		if again, err := h.AppendTo(nil); err != nil || !bytes.HasPrefix(data, again) {
			t.Fatalf("header %q of %q, error %v", again, data, err)
		}
	})
}

func TestBytesListsRefused(t *testing.T) {
	for _, lists := range [][]BytesList{
		{{Name: "a"}, {Name: "a"}},
		{{Name: "a", Mode: ModeBroadcast}},
		{{Name: strings.Repeat("x", 70000)}},
	} {
		if _, _, err := EncodeBytesLists(lists...); err == nil {
			t.Errorf("%d lists were written", len(lists))
		}
	}
}

// operatorExample returns a list, a union list and a broadcast map, in a stream with the
// given version of the header.
func operatorExample(t testing.TB, version int32, compressed bool) (h *OperatorHandle, data []byte) {
	header := OperatorHeader{
		Compressed: compressed,
		Lists:      []StateMeta{ListMeta("split", ModeSplitDistribute, String), ListMeta("union", ModeUnion, Long)},
		Broadcasts: []StateMeta{BroadcastMeta("broadcast", Int, String)},
	}
	data, err := header.AppendTo(nil)
	if err != nil {
		t.Fatal(err)
	}
	if version == operatorOldVersion {
		data = append([]byte{0, 0, 0, 5}, data[5:]...)
	}
	// Flink flushes before each element, so that it begins with a chunk.
	start := len(data)
	var framed bytes.Buffer
	w := snappy.NewBufferedWriter(&framed)
	at := func() int64 {
		if !compressed {
			return int64(len(data))
		}
		if framed.Len() == 0 {
			framed.WriteString(snappyStreamID)
			w.Reset(&chunksOnly{w: &framed})
		}
		w.Flush()
		return int64(start + framed.Len())
	}
	put := func(b []byte) int64 {
		offset := at()
		if compressed {
			w.Write(b)
		} else {
			data = append(data, b...)
		}
		return offset
	}
	h = &OperatorHandle{States: []OperatorStateMeta{
		{Name: "split", Mode: ModeSplitDistribute, Offsets: []int64{put(AppendString(nil, "a")), put(AppendString(nil, "b"))}},
		{Name: "union", Mode: ModeUnion, Offsets: []int64{put(AppendI64(nil, 7))}},
		{Name: "broadcast", Mode: ModeBroadcast, Offsets: []int64{
			put(AppendString(AppendI32(AppendString(AppendI32(AppendI32(nil, 2), 1), "x"), 2), "y"))}},
	}}
	w.Flush()
	return h, append(data, framed.Bytes()...)
}

// A chunksOnly drops the stream identifier that a snappy writer begins with.
type chunksOnly struct {
	w       *bytes.Buffer
	started bool
}

func (c *chunksOnly) Write(b []byte) (int, error) {
	n := len(b)
	if !c.started {
		b = bytes.TrimPrefix(b, []byte(snappyStreamID))
		c.started = true
	}
	c.w.Write(b)
	return n, nil
}

func TestOperatorElements(t *testing.T) {
	for _, v := range []struct {
		version    int32
		compressed bool
	}{{6, false}, {6, true}, {5, false}} {
		h, data := operatorExample(t, v.version, v.compressed)
		got, err := elements(h, data)
		split, union := ListMeta("split", ModeSplitDistribute, String), ListMeta("union", ModeUnion, Long)
		broadcast := BroadcastMeta("broadcast", Int, String)
		want := []OperatorElement{
			{State: &split, Mode: ModeSplitDistribute, Value: "a"},
			{State: &split, Mode: ModeSplitDistribute, Value: "b"},
			{State: &union, Mode: ModeUnion, Value: int64(7)},
			{State: &broadcast, Mode: ModeBroadcast, Key: int32(1), Value: "x"},
			{State: &broadcast, Mode: ModeBroadcast, Key: int32(2), Value: "y"},
		}
		if diff := cmp.Diff(want, got, sameState); diff != "" || err != nil {
			t.Errorf("version %d, compressed %v: error %v, %s", v.version, v.compressed, err, diff)
		}
		for n := range data {
			if _, err := elements(h, data[:n]); err == nil {
				t.Errorf("version %d, compressed %v: the first %d bytes are a stream", v.version, v.compressed, n)
			}
		}
		if _, err := elements(h, append(bytes.Clone(data), 0)); err == nil {
			t.Errorf("version %d, compressed %v: no error with one more byte", v.version, v.compressed)
		}
	}
}

func TestOperatorErrors(t *testing.T) {
	h, data := operatorExample(t, 6, false)
	with := func(edit func(states []OperatorStateMeta) []OperatorStateMeta) *OperatorHandle {
		var states []OperatorStateMeta
		for _, s := range h.States {
			s.Offsets = append([]int64(nil), s.Offsets...)
			states = append(states, s)
		}
		return &OperatorHandle{States: edit(states)}
	}
	old := append([]byte{0, 0, 0, 4}, data[4:]...)
	for what, v := range map[string]struct {
		h    *OperatorHandle
		data []byte
		want string
	}{
		"version": {h, old, "version 4 of an operator state stream, want 5 or 6"},
		"missing": {with(func(s []OperatorStateMeta) []OperatorStateMeta { s[1].Name = "x"; return s }), data,
			`operator state "x" (UNION) is in the handle, but not in the stream`},
		"mode": {with(func(s []OperatorStateMeta) []OperatorStateMeta { s[1].Mode = ModeSplitDistribute; return s }), data,
			`operator state "union" is SPLIT_DISTRIBUTE in the handle, but UNION in the stream`},
		"broadcast twice": {with(func(s []OperatorStateMeta) []OperatorStateMeta {
			s[2].Offsets = append(s[2].Offsets, s[2].Offsets[0]+1)
			return s
		}), data, `operator state "broadcast" is broadcast, but has 2 offsets`},
		"same offset": {with(func(s []OperatorStateMeta) []OperatorStateMeta { s[0].Offsets[1] = s[0].Offsets[0]; return s }), data,
			"has no bytes"},
		"negative offset":     {with(func(s []OperatorStateMeta) []OperatorStateMeta { s[0].Offsets[0] = -1; return s }), data, "but the first element begins at byte -1"},
		"offset past the end": {with(func(s []OperatorStateMeta) []OperatorStateMeta { s[2].Offsets[0] = 1 << 40; return s }), data, "has no bytes"},
		"an element too few":  {with(func(s []OperatorStateMeta) []OperatorStateMeta { s[0].Offsets = s[0].Offsets[:1]; return s }), data, `operator state "split", entry 0 at byte`},
		"nothing in a handle": {&OperatorHandle{}, data, "header ends at byte"},
	} {
		_, err := elements(v.h, v.data)
		if err == nil || !strings.Contains(err.Error(), v.want) {
			t.Errorf("%s: error %v", what, err)
		}
	}
}

func TestOperatorOpaque(t *testing.T) {
	header := OperatorHeader{Lists: []StateMeta{ListMeta("a", ModeSplitDistribute, javaSerialized), ListMeta("b", ModeSplitDistribute, Byte)}}
	data, err := header.AppendTo(nil)
	if err != nil {
		t.Fatal(err)
	}
	n := int64(len(data))
	h := &OperatorHandle{States: []OperatorStateMeta{{Name: "a", Offsets: []int64{n, n + 2}}, {Name: "b", Offsets: []int64{n + 3}}}}
	data = append(data, 1, 2, 3, 4)
	var got []Value
	for e, err := range OperatorElements(h, data) {
		var opaque *OpaqueError
		if isOpaque := errors.As(err, &opaque); isOpaque != (e.State.Name == "a") || err != nil && !isOpaque {
			t.Errorf("%+v: error %v", e, err)
		}
		got = append(got, e.Value)
	}
	want := []Value{Opaque{"Java serialization", []byte{1, 2}}, Opaque{"Java serialization", []byte{3}}, int8(4)}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// TestOperatorBrokenElement: the sequence goes on after an element that cannot be decoded.
func TestOperatorBrokenElement(t *testing.T) {
	header := OperatorHeader{Lists: []StateMeta{ListMeta("a", ModeSplitDistribute, Long)}}
	data, err := header.AppendTo(nil)
	if err != nil {
		t.Fatal(err)
	}
	n := int64(len(data))
	h := &OperatorHandle{States: []OperatorStateMeta{{Name: "a", Offsets: []int64{n, n + 8, n + 11}}}}
	data = AppendI64(append(AppendI64(data, 1), 0, 0, 0), 3)
	var got []Value
	var broken *EntryError
	for e, err := range OperatorElements(h, data) {
		if err == nil {
			got = append(got, e.Value)
		} else if !errors.As(err, &broken) || broken.Number != 1 || broken.Offset != n+8 || broken.State != "a" {
			t.Errorf("error %v", err)
		}
	}
	if diff := cmp.Diff([]Value{int64(1), int64(3)}, got); diff != "" || broken == nil {
		t.Errorf("error %v, %s", broken, diff)
	}
}
