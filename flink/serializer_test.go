package flink

import (
	"bytes"
	"errors"
	"math"
	"math/big"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// cmpValues compares values of which some have no exported fields.
var cmpValues = cmp.Options{
	cmp.Comparer(func(a, b *big.Int) bool { return a.Cmp(b) == 0 }),
	cmp.Comparer(func(a, b time.Time) bool { return a.Equal(b) }),
	cmp.Comparer(func(a, b float64) bool { return math.Float64bits(a) == math.Float64bits(b) }),
	cmp.Comparer(func(a, b float32) bool { return math.Float32bits(a) == math.Float32bits(b) }),
}

func snapshotV(t testing.TB, s Serializer) []byte {
	t.Helper()
	b, err := AppendSnapshotV(nil, s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// The vectors of snapshots that real Flink classes wrote.
func TestSnapshotVectors(t *testing.T) {
	const (
		base = "org.apache.flink.api.common.typeutils.base."
		str  = `0054 "` + base + `StringSerializer$StringSerializerSnapshot" 00000003`
		long = `0050 "` + base + `LongSerializer$LongSerializerSnapshot" 00000003`
	)
	for _, v := range []struct {
		serializer Serializer
		want       string
	}{
		{String, `00000002 ` + str},
		{ListOf(String), `00000002 0041 "` + base + `ListSerializerSnapshot" 00000003` +
			`000de704 00000001 001457fd 00000001 00000001` + str},
		{Tuple(String, Long), `00000002 0043 "org.apache.flink.api.java.typeutils.runtime.TupleSerializerSnapshot" 00000003` +
			`000de704 00000002 0026 "org.apache.flink.api.java.tuple.Tuple2" 001457fd 00000001 00000002` + str + long},
	} {
		want := unhex(v.want)
		if got := snapshotV(t, v.serializer); !bytes.Equal(got, want) {
			t.Errorf("%s:\n got %q\nwant %q", v.serializer.TypeName(), got, want)
		}
		c := NewCursor(want)
		if got := DecodeSnapshotV(c); c.Err() != nil || c.Remaining() != 0 || !Equal(got, v.serializer) {
			t.Errorf("%s: reads as %v, error %v", v.serializer.TypeName(), got, c.Err())
		}
	}
}

func pojoForTest(t testing.TB) *pojo {
	t.Helper()
	part := func(name string, s Serializer) pojoPart {
		snapshot, err := s.AppendSnapshot(nil)
		if err != nil {
			t.Fatal(err)
		}
		return pojoPart{optMapEntry{name, []byte("key"), snapshot}, s}
	}
	p := &pojo{class: "P", fields: []pojoPart{part("a", String), part("b", Int), part("c", Long)}}
	sub := &pojo{class: "Sub", fields: []pojoPart{part("d", Int)}}
	p.numbered = []pojoPart{part("Sub", sub)}
	p.unnumbered = []pojoPart{part("Other", sub)}
	p.numbered[0].key, p.unnumbered[0].key = nil, nil
	return p
}

func nullableForTest(s Serializer, padding int32) Serializer {
	return &composite{kind: nullableKind, number: padding, nested: []Serializer{s}}
}

func TestOldSnapshots(t *testing.T) {
	head := func(class string, version int32) []byte {
		b, _ := appendSnapshotHead(AppendI32(nil, 2), class, version)
		return b
	}
	long, _ := Long.AppendSnapshot(nil)
	simpleV2, _ := AppendUTF(head(classBase+"LongSerializer$LongSerializerSnapshot", 2), "the.Serializer")
	listV1 := append(AppendI32(AppendI32(AppendI32(head(classBase+"ListSerializerSnapshot", 1), compositeNestedMagic), 1), 1), long...)
	tupleV2, _ := AppendUTF(head(classRuntime+"TupleSerializerSnapshot", 2), "org.apache.flink.api.java.tuple.Tuple1")
	tupleV2 = append(AppendI32(AppendI32(AppendI32(tupleV2, compositeNestedMagic), 1), 1), long...)
	schema := `{"type":"record","name":"L","fields":[{"name":"v","type":"long"}]}`
	avroV1, _ := AppendUTF(head(avroClass, 1), schema)
	avroV2, _ := AppendUTF(head(avroClass, 2), "com.example.R")
	avroV2, _ = AppendUTF(avroV2, schema)
	for _, v := range []struct {
		data []byte
		want Serializer
		name string
	}{
		{simpleV2, Long, "Long"},
		{listV1, ListOf(Long), "List<Long>"},
		{tupleV2, Tuple(Long), "Tuple1<Long>"},
		{avroV1, &flinkAvro{schema: schema}, "Avro L"},
		{avroV2, &flinkAvro{class: "com.example.R", schema: schema}, "Avro com.example.R"},
	} {
		c := NewCursor(v.data)
		got := DecodeSnapshotV(c)
		if c.Err() != nil || c.Remaining() != 0 || !Equal(got, v.want) || got.TypeName() != v.name {
			t.Errorf("%q: %v, error %v", v.data, got, c.Err())
		}
	}
}

func TestSnapshotErrors(t *testing.T) {
	str, _ := String.AppendSnapshot(nil)
	list, _ := ListOf(String).AppendSnapshot(nil)
	deep := Long
	for range snapshotMaxDepth {
		deep = ListOf(deep)
	}
	deepData, _ := deep.AppendSnapshot(nil)
	noFields, _ := (&composite{kind: tupleKind, text: "Tuple0"}).AppendSnapshot(nil)
	edit := func(b []byte, at int, v byte) []byte {
		b = bytes.Clone(b)
		b[at] = v
		return b
	}
	n := len(list) - len(str)
	many := bytes.Clone(list)
	copy(many[n-4:], []byte{0x7f, 0xff, 0xff, 0xff})
	for what, v := range map[string]struct {
		data []byte
		want string
	}{
		"version of a simple one":    {edit(str, len(str)-1, 9), "version 9 of " + classBase + "StringSerializer$StringSerializerSnapshot is not known"},
		"version of a composite one": {edit(list, 2+0x41+3, 9), "version 9 of " + classBase + "ListSerializerSnapshot is not known"},
		"outer version":              {edit(list, 2+0x41+11, 9), "version 9 of " + classBase + "ListSerializerSnapshot's outer part is not known"},
		"magic":                      {edit(list, 2+0x41+7, 9), "magic number is 0xde709, want 0xde704"},
		"nested magic":               {edit(list, n-9, 9), "magic number of the nested snapshots is 0x145709, want 0x1457fd"},
		"nested version":             {edit(list, n-5, 9), "version of the nested snapshots is 0x9, want 0x1"},
		"none nested":                {edit(list, n-1, 0), "0 serializer snapshots nested in " + classBase + "ListSerializerSnapshot"},
		"many nested":                {many, "2147483647 nested serializer snapshots cannot be in the"},
		"tuple of nothing":           {noFields, "0 serializer snapshots nested in " + classRuntime + "TupleSerializerSnapshot"},
		"nested too deep":            {deepData, "nested more than 64 deep"},
	} {
		c := NewCursor(v.data)
		if s := DecodeSnapshot(c); s != nil || c.Err() == nil || !strings.Contains(c.Err().Error(), v.want) {
			t.Errorf("%s: %v, error %v", what, s, c.Err())
		}
	}

	// The limit is about nesting, not about the number of serializers side by side.
	wide := Tuple(slices.Repeat([]Serializer{Long}, tupleMaxFields)...)
	wide = Tuple(slices.Repeat([]Serializer{wide}, tupleMaxFields)...)
	c := NewCursor(snapshotV(t, wide))
	if s := DecodeSnapshotV(c); c.Err() != nil || !Equal(s, wide) {
		t.Errorf("%d side by side: error %v", tupleMaxFields*tupleMaxFields, c.Err())
	}

	unknown, _ := appendSnapshotHead(nil, "com.example.Mine$Snapshot", 1)
	list = append(list[:n], unknown...)
	c = NewCursor(list)
	DecodeSnapshot(c)
	var u *UnknownSerializerError
	if !errors.As(c.Err(), &u) || u.Class != "com.example.Mine$Snapshot" || u.Offset != int64(n) {
		t.Errorf("unknown class: %v", c.Err())
	}
}

// A value that only Kryo or Java can decode is an OpaqueError, and so is a field of a class
// whose serializer is unknown.
func TestOpaque(t *testing.T) {
	unknown, _ := appendSnapshotHead(nil, "com.example.Mine$Snapshot", 1)
	k := &kryo{class: "java.util.UUID", maps: [3][]optMapEntry{{{"java.util.UUID", nil, []byte{1}}}, nil, nil}}
	p := &pojo{class: "P", fields: []pojoPart{{optMapEntry{"a", nil, unknown}, &unknownSerializer{"com.example.Mine$Snapshot", unknown}}}}
	for _, v := range []struct {
		serializer Serializer
		data       string
		opaque     string
	}{
		{k, "01", "Kryo java.util.UUID"},
		{javaSerialized, "aced", "Java serialization"},
		{ListOf(k), "00000001 01", "Kryo java.util.UUID"},
		{p, "02 00 01", "com.example.Mine$Snapshot"},
		{p, `04 0001 "Q" 02`, "class Q"},
	} {
		c := NewCursor(snapshotV(t, v.serializer))
		s := DecodeSnapshotV(c)
		if c.Err() != nil || c.Remaining() != 0 || !Equal(s, v.serializer) {
			t.Errorf("%s: snapshot: %v", v.opaque, c.Err())
			continue
		}
		c = NewCursor(unhex(v.data))
		s.Decode(c)
		var o *OpaqueError
		if !errors.As(c.Err(), &o) || o.Type != v.opaque {
			t.Errorf("%s: error %v", v.opaque, c.Err())
		}
	}
}

// Two serializers that are composed in the same way have the same number of parts.
func TestPartsLike(t *testing.T) {
	for _, v := range []struct {
		s, like Serializer
		want    []Serializer // nil if they are not alike
	}{
		{ListOf(Long), ListOf(String), []Serializer{Long}},
		{MapOf(String, ListOf(Long)), MapOf(Long, Long), []Serializer{String, ListOf(Long)}},
		{ListOf(Long), SetOf(Long), nil},
		{Tuple(Long), Tuple(Long, Long), nil},
		{Tuple(Long, Int), Tuple(Long, Long), []Serializer{Long, Int}},
		{String, String, nil},
		{ListOf(Long), Long, nil},
		{Long, ListOf(Long), nil},
	} {
		got, ok := PartsLike(v.s, v.like)
		if ok != (v.want != nil) || !slices.EqualFunc(got, v.want, Equal) {
			t.Errorf("%s like %s is of %v, %t", v.s.TypeName(), v.like.TypeName(), got, ok)
		}
	}
}
