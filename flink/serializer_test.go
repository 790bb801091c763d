package flink

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"math/big"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/twmb/avro"
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

type statsForTest struct {
	Flights int64            `avro:"flights"`
	Carrier *string          `avro:"carrier"`
	Delays  []float64        `avro:"delays"`
	By      map[string]int32 `avro:"by"`
	When    time.Time        `avro:"when"`
	Inner   innerForTest     `avro:"inner"`
}

type innerForTest struct{ N int32 }

func avroStructForTest(t testing.TB) *AvroStruct {
	t.Helper()
	s, err := NewAvroStruct("flights.Stats", avro.MustSchemaFor[statsForTest]())
	if err != nil {
		t.Fatal(err)
	}
	return s
}

const avroAllTypes = `{"type":"record","name":"R","namespace":"n","fields":[
 {"name":"n","type":"null"},{"name":"z","type":"boolean"},{"name":"i","type":"int"},{"name":"l","type":"long"},
 {"name":"f","type":"float"},{"name":"d","type":"double"},{"name":"s","type":"string"},{"name":"b","type":"bytes"},
 {"name":"x","type":{"type":"fixed","name":"X","size":2}},{"name":"e","type":{"type":"enum","name":"E","symbols":["A","B"]}},
 {"name":"u","type":["null","string"]},{"name":"a","type":{"type":"array","items":"int"}},
 {"name":"m","type":{"type":"map","values":"long"}},{"name":"e2","type":"E"},{"name":"next","type":["null","R"]}]}`

func flinkAvroForTest(t testing.TB, schema string) *flinkAvro {
	t.Helper()
	_, root, err := parseAvro(schema)
	if err != nil {
		t.Fatal(err)
	}
	return &flinkAvro{class: "com.example.R", schema: schema, root: root}
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

// TestEncodings decodes values of every serializer there is. Those with a star in
// Flink's table of types were observed, the others follow from the table.
func TestEncodings(t *testing.T) {
	at := func(seconds, nanos int64) time.Time { return time.Unix(seconds, nanos).UTC() }
	row := func(flag int32, fields ...Serializer) Serializer {
		return &composite{kind: rowKind, number: flag, nested: fields}
	}
	wrap := func(k *compositeKind, nested ...Serializer) Serializer { return &composite{kind: k, nested: nested} }
	bigInt := func(s string) *big.Int { n, _ := new(big.Int).SetString(s, 0); return n }
	enumABC := &enum{class: "E", constants: []string{"A", "B", "C"}}
	for _, v := range []struct {
		serializer Serializer
		name       string
		length     int
		data       string
		want       Value
	}{
		{String, "String", -1, "01", ""},
		{String, "String", -1, "02 61", "a"},
		{String, "String", -1, "02 e901", "é"},
		{String, "String", -1, "02 e5cb01", "日"},
		{String, "String", -1, "03 bdb003 80bc03", "😀"},
		{String, "String", -1, "00", nil},
		{String, "String", -1, "8001" + strings.Repeat("78", 127), strings.Repeat("x", 127)},
		{Long, "Long", 8, "ffffffffffffffff", int64(-1)},
		{Int, "Integer", 4, "80000000", int32(math.MinInt32)},
		{Short, "Short", 2, "fffe", int16(-2)},
		{Byte, "Byte", 1, "80", int8(-128)},
		{Bool, "Boolean", 1, "01", true},
		{Double, "Double", 8, "3ff8000000000000", 1.5},
		{Float, "Float", 4, "7fc00000", math.Float32frombits(0x7fc00000)},
		{Char, "Character", 2, "65e5", "日"},
		{Char, "Character", 2, "d800", "\xed\xa0\x80"},
		{ByteArray, "byte[]", -1, "00000002 0102", []byte{1, 2}},
		{ByteArray, "byte[]", -1, "00000000", []byte{}},
		{VoidNamespace, "VoidNamespace", 0, "00", nil},
		{GlobalWindow, "GlobalWindow", 1, "00", nil},
		{TimeWindow, "TimeWindow", 16, "0000000000000000 00000000000003e8", WindowValue{0, 1000}},
		{Instant, "Instant", 12, "0000000000000001 00000002", at(1, 2)},
		{Instant, "Instant", 12, "8000000000000000 80000000", nil},

		{intArray, "int[]", -1, "00000002 00000001 00000002", []Value{int32(1), int32(2)}},
		{longArray, "long[]", -1, "00000001 0000000000000001", []Value{int64(1)}},
		{shortArray, "short[]", -1, "00000001 0001", []Value{int16(1)}},
		{boolArray, "boolean[]", -1, "00000002 0001", []Value{false, true}},
		{doubleArray, "double[]", -1, "00000001 8000000000000000", []Value{math.Copysign(0, -1)}},
		{floatArray, "float[]", -1, "00000001 3f800000", []Value{float32(1)}},
		{charArray, "char[]", -1, "00000001 0061", []Value{"a"}},
		{stringArray, "String[]", -1, "00000002 0261 00", []Value{"a", nil}},

		{bigInteger, "BigInteger", -1, "00000000", nil},
		{bigInteger, "BigInteger", -1, "00000001", big.NewInt(0)},
		{bigInteger, "BigInteger", -1, "00000002", big.NewInt(1)},
		{bigInteger, "BigInteger", -1, "00000003", big.NewInt(10)},
		{bigInteger, "BigInteger", -1, "00000005 ff", big.NewInt(-1)},
		{bigInteger, "BigInteger", -1, "00000006 0080", big.NewInt(128)},
		{bigInteger, "BigInteger", -1, "0000000d 800000000000000000", bigInt("-0x800000000000000000")},
		{bigDecimal, "BigDecimal", -1, "00000000", nil},
		{bigDecimal, "BigDecimal", -1, "00000005 7b 00000002", Decimal{big.NewInt(123), 2}},

		{javaDate, "java.util.Date", 8, "00000000000003e8", at(1, 0)},
		{sqlDate, "java.sql.Date", 8, "8000000000000000", nil},
		{sqlTime, "java.sql.Time", 8, "00000000000003e8", at(1, 0)},
		{sqlTimestamp, "java.sql.Timestamp", 12, "fffffffffffffc19 00000001", at(-1, 1)}, // -999 ms
		{sqlTimestamp, "java.sql.Timestamp", 12, "8000000000000000 00000000", nil},
		{localDate, "LocalDate", 6, "000007e8 0c 1f", "2024-12-31"},
		{localTime, "LocalTime", 7, "17 3b 00 00000001", "23:59:00.000000001"},
		{localDateTime, "LocalDateTime", 13, "000007e8 01 02 03 04 05 00000000", "2024-01-02T03:04:05"},
		{localDateTime, "LocalDateTime", 13, "80000000 00 00 80 00 00 00000000", nil},

		{ListOf(String), "List<String>", -1, "00000002 0261 01", []Value{"a", ""}},
		{ListOf(String), "List<String>", -1, "00000000", []Value{}},
		{MapOf(String, Long), "Map<String,Long>", -1, "00000002 0261 00 0000000000000001 0262 01",
			Map{{"a", int64(1)}, {"b", nil}}},
		{SetOf(Int), "Set<Integer>", -1, "00000002 00 00000001 01", []Value{int32(1), nil}},
		{&composite{kind: objectArrayKind, text: "X", nested: []Serializer{Int}}, "Integer[]", -1,
			"00000002 01 00000001 00", []Value{int32(1), nil}},
		{Tuple(String, Long), "Tuple2<String,Long>", -1, "0261 0000000000000001", []Value{"a", int64(1)}},
		{Tuple(Int, Long), "Tuple2<Integer,Long>", 12, "00000001 0000000000000002", []Value{int32(1), int64(2)}},
		{Tuple(Int, VoidNamespace), "Tuple2<Integer,VoidNamespace>", -1, "00000001 00", []Value{int32(1), nil}},
		{Timer(String, TimeWindow), "Timer<String,TimeWindow>", -1,
			"80000000000003E7 0261 0000000000000000 00000000000003E8", TimerValue{999, "a", WindowValue{0, 1000}}},
		{Timer(Long, VoidNamespace), "Timer<Long,VoidNamespace>", 16,
			"7FFFFFFFFFFFFFFB 0000000000000001 00", TimerValue{-5, int64(1), nil}},
		{enumABC, "enum E", 4, "00000001", "B"},
		{nullableForTest(Int, 0), "nullable Integer", -1, "01", nil},
		{nullableForTest(Int, 4), "nullable Integer", 5, "01 00000000", nil},
		{nullableForTest(Int, 4), "nullable Integer", 5, "00 00000007", int32(7)},
		{row(0, Int, String), "Row<Integer,String>", -1, "40 00000001",
			Record{"Row", []Field{{"f0", int32(1)}, {"f1", nil}}}},
		{row(1, Int, String), "Row<Integer,String>", -1, "c0 00000001 0261",
			Record{"Row", []Field{{"kind", "-D"}, {"f0", int32(1)}, {"f1", "a"}}}},
		{row(1, Int, Int, Int, Int, Int, Int, Byte), "Row<Integer,Integer,Integer,Integer,Integer,Integer,Byte>", -1, "bf 00 05",
			Record{"Row", []Field{{"kind", "-U"}, {"f0", nil}, {"f1", nil}, {"f2", nil}, {"f3", nil}, {"f4", nil}, {"f5", nil}, {"f6", int8(5)}}}},
		{wrap(eitherKind, Int, String), "Either<Integer,String>", -1, "01 00000001", Record{"Either", []Field{{"left", int32(1)}}}},
		{wrap(eitherKind, Int, String), "Either<Integer,String>", -1, "00 0261", Record{"Either", []Field{{"right", "a"}}}},
		{wrap(ttlKind, Long, Int), "Integer with time to live", 12, "0000000000000001 00000002",
			Record{"TTL", []Field{{"lastAccess", int64(1)}, {"value", int32(2)}}}},
		{wrap(ttlKind, Long, String), "String with time to live", -1, "0000000000000001 0261",
			Record{"TTL", []Field{{"lastAccess", int64(1)}, {"value", "a"}}}},
		{wrap(streamElementKind, Int), "stream element Integer", -1, "00 0000000000000001 00000002",
			Record{"StreamRecord", []Field{{"timestamp", int64(1)}, {"value", int32(2)}}}},
		{wrap(streamElementKind, Int), "stream element Integer", -1, "01 00000002",
			Record{"StreamRecord", []Field{{"value", int32(2)}}}},

		{pojoForTest(t), "class P", -1, "02 00 0271 00 00000005 01",
			Record{"P", []Field{{"a", "q"}, {"b", int32(5)}, {"c", nil}}}},
		{pojoForTest(t), "class P", -1, "01", nil},
		{pojoForTest(t), "class P", -1, "08 00 02 00 00000005", Record{"Sub", []Field{{"d", int32(5)}}}},
		{pojoForTest(t), "class P", -1, `04 0005 "Other" 02 01`, Record{"Sub", []Field{{"d", nil}}}},

		{flinkAvroForTest(t, `{"type":"record","name":"L","fields":[{"name":"v","type":"long"}]}`), "Avro com.example.R", -1,
			"0000000000000007", Record{"L", []Field{{"v", int64(7)}}}},
		{flinkAvroForTest(t, avroAllTypes), "Avro com.example.R", -1,
			"01 00000001 0000000000000002 3f800000 3ff8000000000000" + `00000001 "s" 00000002 0102 0a0b 00000001` +
				`00000001 00000001 "u" 02 00000001 00000002 01 00000003 00 01 00000001 "k" 0000000000000009 00 00000000 00000000`,
			Record{"n.R", []Field{{"n", nil}, {"z", true}, {"i", int32(1)}, {"l", int64(2)}, {"f", float32(1)}, {"d", 1.5}, {"s", "s"},
				{"b", []byte{1, 2}}, {"x", []byte{10, 11}}, {"e", "B"}, {"u", "u"}, {"a", []Value{int32(1), int32(2), int32(3)}},
				{"m", Map{{"k", int64(9)}}}, {"e2", "A"}, {"next", nil}}}},
		{Custom{"flights.Sketch", 2}, "flights.Sketch version 2", -1, "00000001 ff", Opaque{"flights.Sketch version 2", []byte{0xff}}},
	} {
		if got := v.serializer.TypeName(); got != v.name {
			t.Errorf("type name %q, want %q", got, v.name)
		}
		if got := v.serializer.Length(); got != v.length {
			t.Errorf("%s: length %d, want %d", v.name, got, v.length)
		}
		data := unhex(v.data)
		c := NewCursor(data)
		got := v.serializer.Decode(c)
		if diff := cmp.Diff(v.want, got, cmpValues); diff != "" || c.Err() != nil || c.Remaining() != 0 {
			t.Errorf("%s: %s: error %v, %d bytes left, %s", v.name, v.data, c.Err(), c.Remaining(), diff)
		}
		for n := range data {
			c := NewCursor(data[:n])
			if v.serializer.Decode(c); c.Err() == nil {
				t.Errorf("%s: %x: the first %d bytes are a value", v.name, data, n)
			}
		}
		if fixed := v.serializer.Length(); fixed > 0 && v.serializer != GlobalWindow && len(data) != fixed && v.name != "Timer<Long,VoidNamespace>" {
			t.Errorf("%s: %d bytes, and the length is %d", v.name, len(data), fixed)
		}

		snapshot := snapshotV(t, v.serializer)
		c = NewCursor(snapshot)
		if s := DecodeSnapshotV(c); c.Err() != nil || c.Remaining() != 0 || !Equal(s, v.serializer) || s.TypeName() != v.name {
			t.Errorf("%s: snapshot %q reads as %v, error %v", v.name, snapshot, s, c.Err())
		}
		for n := range snapshot {
			c := NewCursor(snapshot[:n])
			if s := DecodeSnapshotV(c); c.Err() == nil || s != nil {
				t.Errorf("%s: the first %d bytes are a snapshot", v.name, n)
			}
		}
	}
}

func TestAvroStruct(t *testing.T) {
	s := avroStructForTest(t)
	carrier := "AA"
	body, err := s.Schema.Encode(&statsForTest{
		Flights: 3, Carrier: &carrier, Delays: []float64{1.5}, By: map[string]int32{"b": 2, "a": 1},
		When: time.UnixMilli(1000), Inner: innerForTest{4},
	})
	if err != nil {
		t.Fatal(err)
	}
	c := NewCursor(snapshotV(t, s))
	read, ok := DecodeSnapshotV(c).(*AvroStruct)
	if !ok || c.Err() != nil || read.GoType != "flights.Stats" || read.TypeName() != "record flights.Stats" || !Equal(read, s) {
		t.Fatalf("snapshot: %v, %v", read, c.Err())
	}
	c = NewCursor(AppendBytes32(nil, body))
	got := read.Decode(c)
	want := Record{"statsForTest", []Field{
		{"flights", int64(3)}, {"carrier", "AA"}, {"delays", []Value{1.5}}, {"by", Map{{"a", int32(1)}, {"b", int32(2)}}},
		{"when", time.UnixMilli(1000)}, {"inner", Record{"innerForTest", []Field{{"N", int32(4)}}}},
	}}
	if diff := cmp.Diff(Value(want), got, cmpValues); diff != "" || c.Err() != nil || c.Remaining() != 0 {
		t.Errorf("error %v, %s", c.Err(), diff)
	}
	c = NewCursor(AppendBytes32(nil, append(body, 0)))
	if read.Decode(c); c.Err() == nil || !strings.Contains(c.Err().Error(), "1 bytes left over") {
		t.Errorf("a byte too many: error %v", c.Err())
	}
}

// A short schema must not make much of little data.
func TestAvroBillionNulls(t *testing.T) {
	schema := `{"type":"record","name":"R0","fields":[]}`
	for i := range 30 {
		schema = fmt.Sprintf(`{"type":"record","name":"R%d","fields":[{"name":"a","type":%s},{"name":"b","type":"R%d"}]}`, i+1, schema, i)
	}
	for _, schema := range []string{schema, `{"type":"array","items":"null"}`} {
		if _, _, err := parseAvro(schema); err == nil || !strings.Contains(err.Error(), "take no bytes") {
			t.Errorf("error %v", err)
		}
	}
}

// A value of a union is that of its branch, and a record in another is found by its name.
func TestAvroStructUnions(t *testing.T) {
	schema := avro.MustParse(`{"type":"record","name":"R","namespace":"n","fields":[{"name":"u","type":["null","long","string",
		{"type":"record","name":"In","fields":[{"name":"x","type":"int"},{"name":"again","type":["null","R"]}]},
		{"type":"map","values":["null","In"]}]}]}`)
	s, err := NewAvroStruct("pkg.R", schema)
	if err != nil {
		t.Fatal(err)
	}
	rec := func(u Value) Record { return Record{"n.R", []Field{{"u", u}}} }
	in := func(x int32, again Value) Record { return Record{"n.In", []Field{{"x", x}, {"again", again}}} }
	union := func(branch string, v any) any { return map[string]any{"u": map[string]any{branch: v}} }
	for _, v := range []struct {
		in   any
		want Value
	}{
		{map[string]any{"u": nil}, rec(nil)},
		{union("long", int64(5)), rec(int64(5))},
		{union("string", "s"), rec("s")},
		{union("n.In", map[string]any{"x": int32(1), "again": map[string]any{"n.R": union("long", int64(6))}}), rec(in(1, rec(int64(6))))},
		{union("map", map[string]any{"k": map[string]any{"n.In": map[string]any{"x": int32(2), "again": nil}}, "j": nil}),
			rec(Map{{"j", nil}, {"k", in(2, nil)}})},
	} {
		body, err := schema.Encode(v.in)
		if err != nil {
			t.Fatal(err)
		}
		c := NewCursor(AppendBytes32(nil, body))
		if diff := cmp.Diff(v.want, s.Decode(c)); diff != "" || c.Err() != nil {
			t.Errorf("error %v, %s", c.Err(), diff)
		}
	}
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
		"nested too deep":            {deepData, "nested more than 64 deep"},
	} {
		c := NewCursor(v.data)
		if s := DecodeSnapshot(c); s != nil || c.Err() == nil || !strings.Contains(c.Err().Error(), v.want) {
			t.Errorf("%s: %v, error %v", what, s, c.Err())
		}
	}

	unknown, _ := appendSnapshotHead(nil, "com.example.Mine$Snapshot", 1)
	list = append(list[:n], unknown...)
	c := NewCursor(list)
	DecodeSnapshot(c)
	var u *UnknownSerializerError
	if !errors.As(c.Err(), &u) || u.Class != "com.example.Mine$Snapshot" || u.Offset != int64(n) {
		t.Errorf("unknown class: %v", c.Err())
	}
}

// What only Kryo or Java can decode is an OpaqueError, and so is a field of a class
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

func TestCompatible(t *testing.T) {
	type v1 struct {
		A int32 `avro:"a"`
	}
	type v2 struct {
		A int64  `avro:"a"`
		B string `avro:"b,default=x"`
	}
	record := func(s *avro.Schema) Serializer {
		r, err := NewAvroStruct("pkg.T", s)
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	old, new := record(avro.MustSchemaFor[v1](avro.WithName("T"))), record(avro.MustSchemaFor[v2](avro.WithName("T")))
	for _, v := range []struct {
		was, now Serializer
		want     string // of the error
	}{
		{String, String, ""},
		{String, Long, "state written as String cannot be read as Long: String is not Long"},
		{ListOf(Long), ListOf(Long), ""},
		{ListOf(Long), ListOf(Int), "state written as List<Long> cannot be read as List<Integer>: Long is not Integer"},
		{ListOf(Long), SetOf(Long), "List<Long> is not Set<Long>"},
		{Tuple(Long), Tuple(Long, Long), "Tuple1<Long> is not Tuple2<Long,Long>"},
		{MapOf(String, old), MapOf(String, new), ""},
		{new, old, "state written as record pkg.T cannot be read as record pkg.T: "},
		{old, Long, "record pkg.T is not Long"},
		{Custom{"A", 1}, Custom{"A", 1}, ""},
		{Custom{"A", 1}, Custom{"A", 2}, "A version 1 is not A version 2"},
		{Custom{"A", 1}, Custom{"B", 1}, "A version 1 is not B version 1"},
		{pojoForTest(t), pojoForTest(t), ""},
	} {
		err := Compatible(v.was, v.now)
		if v.want == "" && err != nil || v.want != "" && (err == nil || !strings.Contains(err.Error(), v.want)) {
			t.Errorf("%s, %s: %v", v.was.TypeName(), v.now.TypeName(), err)
		}
	}
}

// A number of elements that is too large for the data must not cost memory.
func TestHugeCounts(t *testing.T) {
	data := append([]byte{0x7f, 0xff, 0xff, 0xff}, make([]byte, 100)...)
	for _, s := range []Serializer{ListOf(Byte), MapOf(Byte, Byte), SetOf(Byte), ByteArray, intArray, stringArray, bigInteger, ListOf(ListOf(Byte))} {
		allocated := testing.AllocsPerRun(10, func() {
			c := NewCursor(data)
			if s.Decode(c); c.Err() == nil {
				t.Errorf("%s: no error", s.TypeName())
			}
		})
		if allocated > 20 {
			t.Errorf("%s: %.0f allocations", s.TypeName(), allocated)
		}
	}
	// Elements without bytes could be any number.
	nothing := flinkAvroForTest(t, `{"type":"record","name":"R","fields":[]}`)
	c := NewCursor([]byte{0, 0, 0, 4, 1, 2, 3, 4})
	if ListOf(nothing).Decode(c); c.Err() == nil || !strings.Contains(c.Err().Error(), "list elements without bytes") {
		t.Errorf("elements without bytes: %v", c.Err())
	}
}

func TestDecodeErrors(t *testing.T) {
	abc := &enum{class: "E", constants: []string{"A"}}
	for _, v := range []struct {
		serializer Serializer
		data       string
		want       string
	}{
		{bigInteger, "ffffffff", "at byte 0: length -1 of a BigInteger"},
		{bigInteger, "00000004", "at byte 0: length 4 of a BigInteger"},
		{bigInteger, "7fffffff 00", "want 2147483643 bytes, have 1"},
		{abc, "00000001", "at byte 0: constant 1 of enum E, which has 1"},
		{abc, "ffffffff", "at byte 0: constant -1 of enum E, which has 1"},
		{pojoForTest(t), "00", "flags 0x0 of a value of P"},
		{pojoForTest(t), "08 01", "subclass 1 of P, which has 1"},
		{nullableForTest(Int, -1), "01", "want -1 bytes"},
		{&composite{kind: streamElementKind, nested: []Serializer{Int}}, "02 0000000000000000", "stream element of kind 2"},
		{flinkAvroForTest(t, `["null","int"]`), "00000002", "at byte 0: union branch 2 of 2"},
		{flinkAvroForTest(t, `{"type":"enum","name":"E","symbols":["A"]}`), "ffffffff", "at byte 0: enum symbol -1 of 1"},
		{flinkAvroForTest(t, `{"type":"array","items":"int"}`), "ffff03 00", "a block of 65535 avro items cannot be in the 1 bytes that are left"},
		{flinkAvroForTest(t, `{"type":"array","items":"int"}`), "ffffffffffffffffffff01", "the number of avro items is not a number"},
		{flinkAvroForTest(t, `{"type":"record","name":"R","fields":[{"name":"r","type":["null","R"]}]}`),
			strings.Repeat("00000001", avroMaxDepth), "avro values are nested more than 64 deep"},
		{avroStructForTest(t), "00000001 80", "at byte 0: record flights.Stats: "},
	} {
		c := NewCursor(unhex(v.data))
		if v.serializer.Decode(c); c.Err() == nil || !strings.Contains(c.Err().Error(), v.want) {
			t.Errorf("%s: %s: error %v, want %s", v.serializer.TypeName(), v.data, c.Err(), v.want)
		}
	}
}
