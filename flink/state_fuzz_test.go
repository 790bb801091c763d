package flink

import (
	"bytes"
	"encoding/json"
	"testing"

	"github.com/weirstream/weir/checkpoint"
)

// fuzzOffsets makes offsets of bytes: two for each.
func fuzzOffsets(b []byte) []int64 {
	var offsets []int64
	for ; len(b) >= 2; b = b[2:] {
		offsets = append(offsets, int64(int16(b[0])<<8|int16(b[1])))
	}
	return offsets
}

func appendOffsets(b []byte, offsets ...int64) []byte {
	for _, o := range offsets {
		b = AppendI16(b, int16(o))
	}
	return b
}

func mustJSON(t *testing.T, values ...Value) {
	if b := AppendJSON(nil, values); !json.Valid(b) {
		t.Fatalf("%#v became %s", values, b)
	}
}

// FuzzKeyed reads anything as keyed state, also as raw timers.
func FuzzKeyed(f *testing.F) {
	h, data := exampleHeap(f)
	f.Add(uint8(h.Tag), uint16(h.Range.Start), appendOffsets(nil, h.Offsets...), data)
	h, data = exampleCanonical()
	f.Add(uint8(h.Tag), uint16(h.Range.Start), appendOffsets(nil, h.Offsets...), data)
	for i := range 8 {
		m := anyModel(2).Example(i)
		h, data := m.heap(f)
		f.Add(uint8(h.Tag), uint16(h.Range.Start), appendOffsets(nil, h.Offsets...), data)
		h, data = m.canonical(f, TagSavepoint)
		f.Add(uint8(h.Tag), uint16(h.Range.Start), appendOffsets(nil, h.Offsets...), data)
	}
	f.Fuzz(func(t *testing.T, tag uint8, start uint16, offsets, data []byte) {
		h := &KeyGroupsHandle{Tag: HandleTag(tag), Offsets: fuzzOffsets(offsets)}
		if len(h.Offsets) > checkpoint.MaxMaxParallelism {
			return
		}
		h.Range.Start = min(int(start), checkpoint.MaxMaxParallelism-len(h.Offsets))
		h.Range.End = h.Range.Start + len(h.Offsets) - 1
		if r, err := NewKeyedReader(h, bytes.NewReader(data), int64(len(data))); err == nil {
			again, err := r.Header().AppendTo(nil)
			if err != nil {
				t.Fatal(err)
			}
			if c := NewCursor(again); DecodeKeyedHeader(c) == nil || c.Remaining() != 0 {
				t.Fatalf("%q cannot be read again: %v", again, c.Err())
			}
		}
		for e := range KeyedEntries(h, data) {
			mustJSON(t, e.Key, e.Namespace, e.UserKey, e.Value)
		}
		for r := range RawTimers(h, data) {
			mustJSON(t, r.Timer)
		}
	})
}

// FuzzOperator reads anything as operator state.
func FuzzOperator(f *testing.F) {
	add := func(h *OperatorHandle, data []byte) {
		f.Add(appendOffsets(nil, h.States[0].Offsets...), appendOffsets(nil, h.States[1].Offsets...), appendOffsets(nil, h.States[2].Offsets...), data)
	}
	add(operatorExample(f, 6, false))
	add(operatorExample(f, 6, true))
	add(operatorExample(f, 5, false))
	f.Fuzz(func(t *testing.T, split, union, broadcast, data []byte) {
		h := &OperatorHandle{States: []OperatorStateMeta{
			{Name: "split", Mode: ModeSplitDistribute, Offsets: fuzzOffsets(split)},
			{Name: "union", Mode: ModeUnion, Offsets: fuzzOffsets(union)},
			{Name: "broadcast", Mode: ModeBroadcast, Offsets: fuzzOffsets(broadcast)},
		}}
		for e := range OperatorElements(h, data) {
			mustJSON(t, e.Key, e.Value)
		}
	})
}

// FuzzSnapshot reads anything as a snapshot and the rest as a value of that type.
func FuzzSnapshot(f *testing.F) {
	for _, s := range []Serializer{
		ListOf(MapOf(String, Long)), SetOf(Tuple(ByteArray, Bool, Double)), Timer(Char, TimeWindow), nullableForTest(Int, 4),
		avroStructForTest(f), Custom{"x", 1}, pojoForTest(f), flinkAvroForTest(f, avroAllTypes), bigDecimal, sqlTimestamp,
		&kryo{class: "X"}, &enum{class: "E", constants: []string{"A"}}, localDateTime,
		&composite{kind: rowKind, number: 1, nested: []Serializer{Int, String}},
		&composite{kind: streamElementKind, nested: []Serializer{Int}},
	} {
		f.Add(snapshotV(f, s), make([]byte, 40))
	}
	f.Fuzz(func(t *testing.T, snapshot, data []byte) {
		c := NewCursor(snapshot)
		s := DecodeSnapshotV(c)
		if (s == nil) != (c.Err() != nil) {
			t.Fatalf("%v, error %v", s, c.Err())
		}
		if s == nil {
			return
		}
		again := snapshotV(t, s)
		c = NewCursor(again)
		s2 := DecodeSnapshotV(c)
		if c.Err() != nil || c.Remaining() != 0 || !bytes.Equal(snapshotV(t, s2), again) || s2.TypeName() != s.TypeName() || s2.Length() != s.Length() {
			t.Fatalf("%q is read again as %v, error %v", again, s2, c.Err())
		}
		if err := Compatible(s, s2); err != nil {
			t.Fatal(err)
		}
		c = NewCursor(data)
		if v := s.Decode(c); c.Err() == nil {
			mustJSON(t, v)
			JavaHash(s, v)
		}
	})
}
