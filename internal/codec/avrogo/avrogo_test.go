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
	notWritten(t, *loop, "session.Next.Next.")
	notWritten(t, *loop, ".Ne….Next.")
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

// What a type is given to be read from is its own: it may keep it.
func TestTextIsKept(t *testing.T) {
	b := write(t, keeper{[]byte("text")})
	typ := typeOf[keeper](t)
	var v keeper
	if err := typ.Read(b, unsafe.Pointer(&v)); err != nil {
		t.Fatal(err)
	}
	clear(b)
	if string(v.text) != "text" {
		t.Errorf("%q", v.text)
	}
}

type keeper struct{ text []byte }

func (k keeper) AppendText(b []byte) ([]byte, error) { return append(b, k.text...), nil }
func (k *keeper) UnmarshalText(text []byte) error    { k.text = text; return nil }

// grumpy is a type that does not want to be written.
type grumpy struct{ hidden int }

func (g grumpy) MarshalText() ([]byte, error) { return nil, fmt.Errorf("no") }
func (g *grumpy) UnmarshalText([]byte) error  { return fmt.Errorf("no again") }

// hexless checks that a value comes out as it went in.
func hexless[T any](t *testing.T, v T) {
	t.Helper()
	if got := read[T](t, write(t, v)); !reflect.DeepEqual(got, v) {
		t.Errorf("%v became %v", v, got)
	}
}
