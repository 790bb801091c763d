package flink

import (
	"bytes"
	"encoding/json"
	"errors"
	"regexp"
	"runtime"
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

// located matches errors that say where they are, also those that are not about one byte.
var located = regexp.MustCompile(`byte \d|key groups? |state "|^header|^decompress`)

// wantsPlace checks an error of reading random bytes: it says where they are wrong, or that
// such data are not read.
func wantsPlace(t *testing.T, err error) {
	t.Helper()
	var format *FormatError
	var opaque *OpaqueError
	if err != nil && !errors.As(err, &format) && !errors.As(err, &opaque) && !located.MatchString(err.Error()) {
		t.Fatalf("the error does not say where: %v", err)
	}
}

// bounded runs do, which reads size bytes, and checks that it allocates in proportion to
// size.
func bounded(t *testing.T, size int, do func()) {
	t.Helper()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	do()
	runtime.ReadMemStats(&after)
	if cost := after.TotalAlloc - before.TotalAlloc; cost > uint64(1<<20+400*size) {
		t.Fatalf("%d bytes were allocated for %d", cost, size)
	}
}

// FuzzKeyed reads random bytes as keyed state and as raw timers.
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
		// Each key group may begin at the same byte.
		bounded(t, (1+len(h.Offsets))*len(data), func() {
			for _, err := range KeyedEntries(h, data) {
				wantsPlace(t, err)
			}
		})
		for e := range KeyedEntries(h, data) {
			mustJSON(t, e.Key, e.Namespace, e.UserKey, e.Value)
		}
		for r, err := range RawTimers(h, data) {
			wantsPlace(t, err)
			mustJSON(t, r.Timer)
		}
	})
}

// FuzzOperator reads random bytes as operator state.
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
		bounded(t, (1+len(split)+len(union)+len(broadcast))*len(data), func() {
			for _, err := range OperatorElements(h, data) {
				wantsPlace(t, err)
			}
		})
		for e := range OperatorElements(h, data) {
			mustJSON(t, e.Key, e.Value)
		}
	})
}

// FuzzSnapshot reads random bytes as a snapshot and the rest as a value of that type.
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
		if !Equal(s, s2) {
			t.Fatalf("%q is another serializer when it is read again", again)
		}
		c = NewCursor(data)
		if v := s.Decode(c); c.Err() == nil {
			mustJSON(t, v)
			JavaHash(s, v)
		}
	})
}
