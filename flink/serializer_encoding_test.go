package flink

import (
	"encoding/binary"
	"math"
	"math/big"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// TestEncodings decodes values of every serializer. Flink has written the values of the types
// that have a star in its table of types; the others follow from the table.
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
		{wrap(streamElementKind, Int), "stream element Integer", -1, "02 0000000000000001",
			Record{"Watermark", []Field{{"timestamp", int64(1)}}}},
		{JoinEntry(Int), "join entry Integer", -1, "00 00000002",
			Record{"JoinEntry", []Field{{"joined", false}, {"value", int32(2)}}}},

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
	// The data do not limit the number of elements without bytes.
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
		{&composite{kind: streamElementKind, nested: []Serializer{Int}}, "03 0000000000000000", "stream element of kind 3"},
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

// Lists in lists must not allocate room for the number that each of them says.
func TestHugeCountsNested(t *testing.T) {
	const depth, size = 60, 64 << 10
	s := Byte
	data := make([]byte, size)
	for i := range depth {
		s = ListOf(s)
		binary.BigEndian.PutUint32(data[4*i:], uint32(size-4*(i+1)))
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	c := NewCursor(data)
	s.Decode(c)
	runtime.ReadMemStats(&after)
	if allocated := after.TotalAlloc - before.TotalAlloc; allocated > 8<<20 {
		t.Errorf("%d bytes were allocated for %d", allocated, size)
	}
}
