package avrogo

import (
	"bytes"
	"fmt"
	"math"
	"math/big"
	"net/netip"
	"reflect"
	"strings"
	"testing"
	"time"
	"unsafe"

	"github.com/twmb/avro"
)

func typeOf[T any](t testing.TB) *Type {
	t.Helper()
	typ, err := Of(reflect.TypeFor[T]())
	if err != nil {
		t.Fatal(err)
	}
	return typ
}

func write[T any](t testing.TB, v T) []byte {
	t.Helper()
	b, err := typeOf[T](t).Append(nil, unsafe.Pointer(&v))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func read[T any](t testing.TB, b []byte) T {
	t.Helper()
	var v T
	if err := typeOf[T](t).Read(b, unsafe.Pointer(&v)); err != nil {
		t.Fatalf("%x: %v", b, err)
	}
	return v
}

// hex checks how a value is written, and that it is read again.
func hex[T any](t *testing.T, v T, want string) {
	t.Helper()
	b := write(t, v)
	if got := fmt.Sprintf("%x", b); got != want {
		t.Errorf("%T %v is %s, want %s", v, v, got, want)
	}
	if got := read[T](t, b); !reflect.DeepEqual(got, v) {
		t.Errorf("%T %v became %v", v, v, got)
	}
}

// The bytes of every kind, by the Avro specification.
func TestBytes(t *testing.T) {
	hex(t, true, "01")
	hex(t, int8(-1), "01")
	hex(t, int64(math.MinInt64), "ffffffffffffffffff01")
	hex(t, uint32(math.MaxUint32), "feffffff1f")
	hex(t, uint64(0), "0200")
	hex(t, uint64(127), "027f")
	hex(t, uint64(128), "040080")
	hex(t, uint(255), "0400ff")
	hex(t, uint64(1<<63), "12008000000000000000")
	hex(t, uint64(1<<63-1), "107fffffffffffffff")
	hex(t, uint64(math.MaxUint64), "1200ffffffffffffffff")
	hex(t, 1.5, "000000000000f83f")
	hex(t, float32(1.5), "0000c03f")
	hex(t, "é\xff", "06c3a9ff")
	hex(t, []byte{1, 2}, "040102")
	hex(t, [2]byte{1, 2}, "0102")
	hex(t, []int32{1, -1}, "04020100")
	hex(t, [2]int32{1, -1}, "04020100")
	hex(t, []string{}, "00")
	hex(t, map[string]bool{"b": true, "a": false}, "040261000262"+"01"+"00")
	hex(t, map[int16]bool{-1: true, 1: false}, "04"+"0101"+"0200"+"00")
	hex(t, map[string]struct{}{"a": {}}, "02026100")
	hex(t, struct {
		A int32
		B string
	}{1, "a"}, "020261")
	hex(t, (*int64)(nil), "00")
	hex(t, ptr(int64(1)), "0202")
	hex(t, ptr(struct{ P *bool }{ptr(true)}), "020201")
	hex(t, time.Duration(-1), "01")
	hex(t, time.Time{}, "00")
	hex(t, time.Unix(0, 1).UTC(), "0202")
	hex(t, (*time.Time)(nil), "00")
	hex(t, ptr(time.Unix(0, 1).UTC()), "0202")
	hex(t, ptr(time.Time{}), "02ffffffffffffffffff01")
	hex(t, netip.MustParseAddr("::1"), "063a3a31")
	hex(t, *big.NewInt(-12), "062d3132")
	hex(t, ptr(*big.NewInt(7)), "020237")
}

func ptr[T any](v T) *T { return &v }

type plain struct {
	Flag   bool
	Tiny   int8
	Int    int32
	Long   int64
	Word   int
	Small  uint8
	Wide   uint32
	Float  float32
	Double float64
	Name   string
	Bytes  []byte
	Fixed  [4]byte
	Pair   [2]int64
	List   []inner
	Map    map[string]inner
	Maybe  *inner
	Never  *string
	At     time.Time `avro:",timestamp-micros"`
	Day    time.Time `avro:",date"`
	Took   time.Duration
	Inner  inner
}

type inner struct{ X, Y float64 }

// The avro package, given the schema, writes the same bytes and reads them.
func TestAsTheLibrary(t *testing.T) {
	v := plain{true, -1, 2, 3, 4, 255, math.MaxUint32, 1.5, 2.5, "é", []byte{1}, [4]byte{1, 2, 3, 4}, [2]int64{5, 6},
		[]inner{{1, 2}, {3, 4}}, map[string]inner{"a": {5, 6}}, &inner{7, 8}, nil,
		time.UnixMicro(-1).UTC(), time.Date(1969, 1, 2, 0, 0, 0, 0, time.UTC), time.Hour, inner{9, math.Inf(1)}}
	typ := typeOf[plain](t)
	want, err := typ.Schema().Encode(&v)
	if err != nil {
		t.Fatal(err)
	}
	if b := write(t, v); !bytes.Equal(b, want) {
		t.Errorf("%x, the library writes %x", b, want)
	}
	var got plain
	if _, err := typ.Schema().Decode(write(t, v), &got); err != nil || !reflect.DeepEqual(got, v) {
		t.Errorf("the library reads %+v, %v", got, err)
	}
	// A uint64 is a decimal to it, and a time the point in time.
	var any any
	if _, err := typeOf[uint64](t).Schema().Decode(write(t, uint64(math.MaxUint64)), &any); err != nil || fmt.Sprint(any) != "18446744073709551615/1" {
		t.Errorf("%v, %v", any, err)
	}
	at := time.Unix(1700000000, 123456789).UTC()
	any = nil
	if _, err := typeOf[time.Time](t).Schema().Decode(write(t, at), &any); err != nil || any != at {
		t.Errorf("%v, %v", any, err)
	}
	any = "something"
	if _, err := typeOf[time.Time](t).Schema().Decode(write(t, time.Time{}), &any); err != nil || any != nil {
		t.Errorf("%v, %v", any, err)
	}
}

// The schema, with what is not Avro's as attributes.
func TestSchema(t *testing.T) {
	schema[int32](t, `{"go":"int32","type":"int"}`)
	schema[int64](t, `"long"`)
	schema[int](t, `"long"`)
	schema[uint64](t, `{"logicalType":"decimal","precision":20,"type":"bytes"}`)
	schema[time.Time](t, `["null",{"logicalType":"timestamp-nanos","type":"long"}]`)
	schema[[2]string](t, `{"go":"[2]","items":"string","type":"array"}`)
	schema[*inner](t, `["null",{"fields":[{"name":"X","type":"double"},{"name":"Y","type":"double"}],"name":"inner","type":"record"}]`)
	schema[map[bool]string](t, `{"go":"map","items":{"fields":[{"name":"key","type":"boolean"},{"name":"value","type":"string"}],`+
		`"name":"Entry","type":"record"},"type":"array"}`)
	schema[tree](t, `{"fields":[{"name":"name","type":"string"},{"name":"Left","type":["null","tree"]},{"name":"Kids","type":{"items":"tree","type":"array"}}],`+
		`"name":"tree","type":"record"}`)
}

type tree struct {
	Name string `avro:"name"`
	Left *tree
	Kids []tree
}

func schema[T any](t *testing.T, want string) {
	t.Helper()
	if got := typeOf[T](t).Schema().String(); got != want {
		t.Errorf("the schema of %s is %s, want %s", reflect.TypeFor[T](), got, want)
	}
}

type pair[T any] struct{ A, B T }

// Names of Go types need not be Avro's, nor differ from each other.
func TestNames(t *testing.T) {
	type inner struct{ Z int64 } // beside the other one
	type long struct{ A int64 }
	type Größe struct{ A int64 }
	type all struct {
		A inner
		B plainInner
		C pair[int64]
		D pair[string]
		E long
		F Größe
		G struct{ A int64 }
		H struct{ B int64 }
		I [3]byte
		J [3]byte
		K map[int]int
		L map[bool]bool
	}
	text := typeOf[all](t).Schema().String()
	for _, name := range []string{"inner", "inner_2", "pair_int64", "pair_string", "long_2", "Gr_e", "Struct", "Struct_2", "fixed_3", "Entry", "Entry_2"} {
		if strings.Count(text, `"name":"`+name+`"`) != 1 {
			t.Errorf("no %s in %s", name, text)
		}
	}
	v := all{C: pair[int64]{1, 2}, J: [3]byte{1, 2, 3}, K: map[int]int{1: 2}, L: map[bool]bool{true: false}}
	if got := read[all](t, write(t, v)); !reflect.DeepEqual(got, v) {
		t.Errorf("%+v", got)
	}
}

type plainInner = inner

// Two values that are equal have equal bytes, in whatever order Go visits a map.
func TestOrder(t *testing.T) {
	v := map[uint8]map[string]int{}
	for i := range 200 {
		v[uint8(i)] = map[string]int{fmt.Sprint(i): i, "x": 1, "": 2}
	}
	want := write(t, v)
	for range 20 {
		if b := write(t, v); !bytes.Equal(b, want) {
			t.Fatal("other bytes")
		}
	}
}

// What cannot be written says which value it is, and leaves what is there alone.
func TestNotWritten(t *testing.T) {
	type visit struct{ At time.Time }
	type session struct {
		Visits []map[string]visit
		Next   *session
	}
	notWritten(t, session{Visits: []map[string]visit{{}, {"x": {time.Date(2300, 1, 2, 0, 0, 0, 0, time.UTC)}}}},
		"session.Visits[1][x].At: the time 2300-01-02 is out of the range of nanoseconds in 64 bits, 1677-09-21 to 2262-04-11: "+
			"tag the field `avro:\",timestamp-micros\"` for microseconds and a wider range")
	loop := &session{}
	loop.Next = loop
	notWritten(t, *loop, "nested more than 400 deep, or contain themselves by a pointer")
	notWritten(t, map[float64]int{math.NaN(): 1, math.NaN(): 2}, "two keys of the map have the same encoding, and one would be gone after a restore")
	notWritten(t, grumpy{}, "grumpy: no")
	notWritten(t, []grumpy{{}}, "[0]: no")
}

func notWritten[T any](t *testing.T, v T, want string) {
	t.Helper()
	b, err := typeOf[T](t).Append([]byte("x"), unsafe.Pointer(&v))
	if err == nil || !strings.Contains(err.Error(), want) || string(b) != "x" {
		t.Errorf("%v: %x, %v, want %s", v, b, err, want)
	}
}

// grumpy is a type that does not want to be written.
type grumpy struct{ hidden int }

func (g grumpy) MarshalText() ([]byte, error) { return nil, fmt.Errorf("no") }
func (g *grumpy) UnmarshalText([]byte) error  { return fmt.Errorf("no again") }

// Bytes that are no value say where, and which value.
func TestNotRead(t *testing.T) {
	_ = grumpy{}.hidden
	notRead[bool](t, "02", 0, "bool: 2 is no bool")
	notRead[int8](t, "8002", 2, "int8: 128 does not fit in int8")
	notRead[uint8](t, "01", 1, "uint8: -1 does not fit in uint8")
	notRead[int64](t, "80", 0, "the bytes end in a number")
	notRead[int64](t, "0200", 1, "1 bytes left over")
	notRead[uint64](t, "00", 0, " is no uint64")
	notRead[uint64](t, "0280", 0, "80 is no uint64")
	notRead[uint64](t, "1201ffffffffffffffff", 0, "is no uint64")
	notRead[uint64](t, "1400000000000000000001", 0, "is no uint64")
	notRead[string](t, "0461", 1, "2 bytes cannot be in the 1 that are left")
	notRead[string](t, "01", 1, "-1 bytes cannot be in the 0 that are left")
	notRead[[]string](t, "fe01", 2, "127 elements cannot be in the 0 bytes that are left")
	notRead[[]string](t, "ffffffffffffffffff0100", 11, "elements cannot be in the 0 bytes that are left")
	notRead[[2]int64](t, "020000", 3, "1 elements of 2")
	notRead[[2]int64](t, "0600000000", 3, "more than 2 elements")
	notRead[*int64](t, "04", 1, "branch 2 of 2")
	notRead[map[string]int64](t, "040200"+"02"+"0200"+"02"+"00", 4, "a key of a map that is there before")
	notRead[[]struct{ M map[string][]bool }](t, "0202026b020300", 5, "[0].M[k][0]: 3 is no bool")
	notRead[grumpy](t, "0261", 0, "grumpy: no again")
	notRead[struct{ At time.Time }](t, "0401", 1, "struct.At: branch 2 of 2")
}

func notRead[T any](t *testing.T, src string, at int, want string) {
	t.Helper()
	var b []byte
	fmt.Sscanf(src, "%x", &b)
	var v T
	err, _ := typeOf[T](t).Read(b, unsafe.Pointer(&v)).(*ValueError)
	if err == nil || err.At != at || !strings.Contains(err.Error(), want) {
		t.Errorf("%s is %v: %v, want %s at byte %d", src, v, err, want, at)
	}
}

// Avro allows more than one block, and blocks with their size.
func TestBlocks(t *testing.T) {
	if got := read[[]int64](t, []byte{2, 2, 4, 4, 6, 3, 4, 8, 10, 0}); !reflect.DeepEqual(got, []int64{1, 2, 3, 4, 5}) {
		t.Errorf("%v", got)
	}
	if got := read[map[string]bool](t, []byte{2, 2, 'a', 1, 1, 6, 2, 'b', 0, 0}); !reflect.DeepEqual(got, map[string]bool{"a": true, "b": false}) {
		t.Errorf("%v", got)
	}
	if got := read[[3]bool](t, []byte{2, 1, 4, 0, 1, 0}); got != [3]bool{true, false, true} {
		t.Errorf("%v", got)
	}
}

// How deep values may be nested is the same for writing, for reading and for the library.
func TestDepth(t *testing.T) {
	type chain struct{ Next *chain }
	typ := typeOf[chain](t)
	v := chain{}
	for range 10_000 {
		b, err := typ.Append(nil, unsafe.Pointer(&v))
		if err != nil {
			if len(b) > 0 || !strings.Contains(err.Error(), "nested more than 400 deep") {
				t.Errorf("%x, %v", b, err)
			}
			return
		}
		var got chain
		var any any
		if err := typ.Read(b, unsafe.Pointer(&got)); err != nil {
			t.Fatalf("written and not read: %v", err)
		}
		if _, err := typ.Schema().Decode(b, &any); err != nil {
			t.Fatalf("written and not read by the library: %v", err)
		}
		if reader, err := typeOf[struct{ Other int }](t).Reading(typ.Schema()); err != nil {
			t.Fatal(err)
		} else if err := reader.Read(b, unsafe.Pointer(&struct{ Other int }{})); err != nil {
			t.Fatalf("written and not read over: %v", err)
		}
		v = chain{&chain{v.Next}}
	}
	t.Error("there is no limit")
}

func TestNanosReach(t *testing.T) {
	last := time.Unix(0, math.MaxInt64).UTC()
	first := time.Unix(0, math.MinInt64+1).UTC()
	for _, v := range []time.Time{first, last, time.Unix(-1, 999_999_999).UTC(), time.Unix(-1, 0).UTC(), {}} {
		hexless(t, v)
		hexless(t, &v)
		hexless(t, struct {
			At time.Time `avro:",timestamp-nanos"`
		}{v})
		hexless(t, struct {
			At time.Time `avro:",local-timestamp-nanos"`
		}{v})
	}
	for _, v := range []time.Time{first.Add(-1), last.Add(1), time.Unix(1<<40, 0), time.Unix(-1<<40, 0), time.Unix(1<<62, 0)} {
		notWritten(t, v, "is out of the range of nanoseconds in 64 bits")
		notWritten(t, &v, "is out of the range of nanoseconds in 64 bits")
	}
	// The zone and the monotonic clock are gone; the zero time is it in every zone.
	now := time.Now()
	if got := read[time.Time](t, write(t, now)); got != now.Round(0).UTC() {
		t.Errorf("%v became %v", now, got)
	}
	if got := read[time.Time](t, write(t, time.Time{}.In(time.FixedZone("", 3600)))); got != (time.Time{}) {
		t.Errorf("the zero time became %v", got)
	}
}

// hexless checks that a value comes out as it went in.
func hexless[T any](t *testing.T, v T) {
	t.Helper()
	if got := read[T](t, write(t, v)); !reflect.DeepEqual(got, v) {
		t.Errorf("%v became %v", v, got)
	}
}

type tagged struct {
	Micros time.Time     `avro:",timestamp-micros"`
	Millis time.Time     `avro:",timestamp-millis"`
	LNanos time.Time     `avro:",local-timestamp-nanos"`
	LMicro time.Time     `avro:",local-timestamp-micros"`
	LMilli time.Time     `avro:",local-timestamp-millis"`
	Clock  time.Time     `avro:",time-micros"`
	Minute time.Time     `avro:",time-millis"`
	Day    time.Time     `avro:",date"`
	Took   time.Duration `avro:",time-micros"`
	Waited time.Duration `avro:",time-millis"`
	Stamp  int64         `avro:",timestamp-millis"`
	UUID   [16]byte      `avro:",uuid"`
	Text   string        `avro:",uuid"`
}

// A tag asks for another unit. The avro package writes the same.
func TestUnits(t *testing.T) {
	zone := time.FixedZone("", -3600)
	for _, at := range []time.Time{
		time.Date(1965, 3, 4, 5, 6, 7, 890123456, zone), time.Date(1970, 1, 1, 0, 0, 0, 0, time.UTC),
		time.Date(1969, 12, 31, 23, 59, 59, 999999999, time.UTC), time.Date(2100, 3, 4, 23, 6, 7, 1, zone),
	} {
		v := tagged{at, at, at, at, at, at, at, at, -time.Hour, time.Hour, -1, [16]byte{1}, "01234567-89ab-cdef-0123-456789abcdef"}
		want, err := typeOf[tagged](t).Schema().Encode(&v)
		if err != nil {
			t.Fatal(err)
		}
		b := write(t, v)
		if !bytes.Equal(b, want) {
			t.Errorf("%v: %x, the library writes %x", at, b, want)
		}
		var other tagged
		if _, err := typeOf[tagged](t).Schema().Decode(b, &other); err != nil {
			t.Fatal(err)
		}
		if got := read[tagged](t, b); got != other {
			t.Errorf("%v: read %v, by the library %v", at, got, other)
		}
	}
	type micros struct {
		At time.Time `avro:",timestamp-micros"`
	}
	hexless(t, micros{})
	hexless(t, micros{time.UnixMicro(math.MaxInt64).UTC()})
	hexless(t, micros{time.UnixMicro(math.MinInt64).UTC()})
	notWritten(t, micros{time.UnixMicro(math.MaxInt64).Add(time.Microsecond)}, "is out of the range of timestamp-micros")
	notWritten(t, micros{time.UnixMicro(math.MinInt64).Add(-time.Microsecond)}, "is out of the range of timestamp-micros")
	notWritten(t, struct {
		At time.Time `avro:",date"`
	}{time.Date(6e6, 1, 1, 0, 0, 0, 0, time.UTC)}, "is out of the range of date")
	notWritten(t, struct {
		Took time.Duration `avro:",time-millis"`
	}{600 * time.Hour}, "struct.Took: the duration 600h0m0s is out of the range of time-millis: remove the tag for nanoseconds in 64 bits")
	notRead[struct {
		Took time.Duration `avro:",time-micros"`
	}](t, "ffffffffffffffffff01", 0, "struct.Took: -9223372036854775808 is out of the range of a time.Duration in time-micros")
}

// A number that an Avro int has no room for is no duration in one.
func TestIntDuration(t *testing.T) {
	notRead[struct {
		Took time.Duration `avro:",time-millis"`
	}](t, "8080808010", 0, "struct.Took: 2147483648 is out of the range of a time.Duration in time-millis")
}

// A schema that no Go type has says why it is not read, and does no harm.
func TestForeignSchemas(t *testing.T) {
	for _, v := range []struct{ schema, want string }{
		{`{"type":"enum","name":"E","symbols":["A"]}`, "struct.A was enum and is int64 now"},
		{`["null","long","string"]`, "struct.A was union and is int64 now"},
		{`["null"]`, "struct.A was union and is int64 now"},
		{`"null"`, "struct.A was null and is int64 now"},
		{`["long","null"]`, "struct.A was *int64 and is int64 now, which has no place for nil"},
		{`{"type":"bytes","logicalType":"decimal","precision":5,"scale":2}`, "struct.A was a decimal and is int64 now"},
		{`{"type":"array","go":"map","items":"long"}`, "struct.A was []int64 and is int64 now"},
		{`{"type":"int","go":"uint64"}`, ""}, // nonsense, and an int all the same
		{`{"type":"record","name":"R","fields":[{"name":"r","type":"R"}]}`, "struct.A was struct R and is int64 now"},
	} {
		was := avro.MustParse(`{"type":"record","name":"S","fields":[{"name":"A","type":` + v.schema + `}]}`)
		_, err := typeOf[struct{ A int64 }](t).Reading(was)
		if v.want == "" && err != nil || v.want != "" && (err == nil || !strings.Contains(err.Error(), v.want)) {
			t.Errorf("%s: %v, want %s", v.schema, err, v.want)
		}
		// It may also be gone.
		if _, err := typeOf[struct{ B string }](t).Reading(was); err != nil {
			t.Errorf("%s, gone: %v", v.schema, err)
		}
		if _, err := typeOf[struct{ A map[int]int }](t).Reading(was); err == nil {
			t.Errorf("%s is a map", v.schema)
		}
	}
	// null may be the second branch.
	was := avro.MustParse(`{"type":"record","name":"S","fields":[{"name":"A","type":["long","null"]},{"name":"G","type":["string","null"]}]}`)
	reader, err := typeOf[struct{ A *int64 }](t).Reading(was)
	if err != nil {
		t.Fatal(err)
	}
	for src, want := range map[string]*int64{"\x00\x02\x00\x02x": ptr(int64(1)), "\x02\x02": nil} {
		var v struct{ A *int64 }
		if err := reader.Read([]byte(src), unsafe.Pointer(&v)); err != nil || !reflect.DeepEqual(v.A, want) {
			t.Errorf("%x: %v, %v", src, v.A, err)
		}
	}
}

// Nobody can make reading a value cost more than its bytes and schema are worth.
func FuzzReading(f *testing.F) {
	types := []*Type{typeOf[plain](f), typeOf[tree](f), typeOf[tagged](f), typeOf[map[int64][]*tree](f)}
	for i, typ := range types {
		f.Add(uint8(i), typ.Schema().String(), []byte{2, 2, 2, 0, 0, 0, 0, 0})
	}
	f.Add(uint8(1), `{"type":"record","name":"tree","fields":[{"name":"name","type":"bytes"},{"name":"Gone","type":{"type":"map","values":["null","tree"]}}]}`, []byte{2, 'a', 2, 0, 0, 0})
	f.Add(uint8(1), `{"type":"record","name":"tree","fields":[{"name":"x","type":"tree"}]}`, []byte{0})
	f.Fuzz(func(t *testing.T, which uint8, text string, data []byte) {
		schema, err := avro.Parse(text)
		if err != nil {
			return
		}
		typ := types[int(which)%len(types)]
		reader, err := typ.Reading(schema)
		if err != nil {
			return
		}
		v := reflect.New(goTypes[int(which)%len(types)])
		if reader.Read(data, v.UnsafePointer()) != nil {
			return
		}
		if _, err := typ.Append(nil, v.UnsafePointer()); err != nil {
			t.Fatalf("%s: read and not written: %v", text, err)
		}
	})
}

var goTypes = []reflect.Type{reflect.TypeFor[plain](), reflect.TypeFor[tree](), reflect.TypeFor[tagged](), reflect.TypeFor[map[int64][]*tree]()}
