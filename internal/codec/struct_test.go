package codec

import (
	"bytes"
	"fmt"
	"math"
	"reflect"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/twmb/avro"
	"pgregory.net/rapid"

	"github.com/weirstream/weir/flink"
)

func collect() { runtime.GC() }

type point struct{ X, Y float64 }

type inner struct {
	Points []point
	Code   airport
}

// everything has a field of each kind that a struct can have.
type everything struct {
	Flag   bool
	Tiny   int8
	Short  int16
	Int    int32
	Long   int64
	Word   int
	Float  float32
	Double float64
	Name   string
	Bytes  []byte
	List   []string
	Map    map[string]int64
	ID     [4]byte
	Inner  inner
	Tree   []everything
	Moment time.Time `avro:",timestamp-micros"`
	Cache  int       `avro:"-"`
}

func anyEverything(depth int) *rapid.Generator[everything] {
	return rapid.Custom(func(t *rapid.T) everything {
		e := everything{
			Flag:   rapid.Bool().Draw(t, "flag"),
			Tiny:   rapid.Int8().Draw(t, "tiny"),
			Short:  rapid.Int16().Draw(t, "short"),
			Int:    rapid.Int32().Draw(t, "int"),
			Long:   anyInt64().Draw(t, "long"),
			Word:   rapid.Int().Draw(t, "word"),
			Float:  anyFloat32().Draw(t, "float"),
			Double: anyFloat64().Draw(t, "double"),
			Name:   anyString().Draw(t, "name"),
			Bytes:  rapid.SliceOf(rapid.Byte()).Draw(t, "bytes"),
			List:   rapid.SliceOfN(anyString(), 0, 5).Draw(t, "list"),
			Map:    rapid.MapOfN(anyString(), anyInt64(), 0, 8).Draw(t, "map"),
			Inner:  inner{Code: airport(anyString().Draw(t, "code"))},
			Moment: time.UnixMicro(rapid.Int64Range(-1<<50, 1<<50).Draw(t, "moment")).UTC(),
		}
		copy(e.ID[:], rapid.SliceOfN(rapid.Byte(), 4, 4).Draw(t, "id"))
		for range rapid.IntRange(0, 3).Draw(t, "points") {
			e.Inner.Points = append(e.Inner.Points, point{anyFloat64().Draw(t, "x"), anyFloat64().Draw(t, "y")})
		}
		if depth > 0 {
			e.Tree = rapid.SliceOfN(anyEverything(depth-1), 0, 2).Draw(t, "tree")
		}
		return e
	})
}

// sameText compares by what is printed: NaN is itself, and nil is empty.
func sameText[T any](was, is T) bool {
	return reflect.DeepEqual(printable(reflect.ValueOf(was)), printable(reflect.ValueOf(is)))
}

// printable is v with floats as their bits, times as points in time, and slices and maps
// that are not nil.
func printable(v reflect.Value) any {
	switch v.Kind() {
	case reflect.Float64, reflect.Float32:
		return math.Float64bits(v.Float())
	case reflect.Slice, reflect.Array:
		list := []any{}
		for i := range v.Len() {
			list = append(list, printable(v.Index(i)))
		}
		return list
	case reflect.Map:
		m := map[string]any{}
		for k, x := range v.Seq2() {
			m[fmt.Sprint(printable(k))] = printable(x)
		}
		return m
	case reflect.Pointer:
		if v.IsNil() {
			return nil
		}
		return []any{printable(v.Elem())}
	case reflect.Struct:
		if v.Type() == reflect.TypeFor[time.Time]() {
			return v.Interface().(time.Time).UTC().String()
		}
		fields := []any{}
		for _, f := range v.Fields() {
			fields = append(fields, printable(f))
		}
		return fields
	case reflect.String:
		return v.String()
	case reflect.Bool:
		return v.Bool()
	default:
		if v.CanInt() {
			return v.Int()
		}
		return v.Uint()
	}
}

func TestRoundTripOfStructs(t *testing.T) {
	kind(t, anyEverything(2), sameText[everything])
	kind(t, rapid.SliceOfN(anyEverything(0), 0, 3), sameText[[]everything])
	kind(t, rapid.MapOfN(anyString(), anyEverything(0), 0, 3), sameText[map[string]everything])
	kind(t, rapid.MapOfN(anyString(), rapid.SliceOfN(anyEverything(0), 0, 2), 0, 3), sameText[map[string][]everything])
}

// The schema is that of the avro package, but for attributes that Avro steps over, wherever
// the struct is.
func TestSchemaOfStructs(t *testing.T) {
	want, err := avro.SchemaFor[everything]()
	if err != nil {
		t.Fatal(err)
	}
	alone := of[everything](t).Serializer().(*flink.AvroStruct)
	if !bytes.Equal(alone.Schema.Canonical(), want.Canonical()) || alone.GoType != "codec.everything" {
		t.Errorf("%s: %s, want %s", alone.GoType, alone.Schema, want)
	}
	if !flink.Equal(of[[]everything](t).Serializer(), flink.ListOf(alone)) ||
		!flink.Equal(of[map[string][]everything](t).Serializer(), flink.MapOf(flink.String, flink.ListOf(alone))) {
		t.Error("in a list or a map it is another one")
	}
}

// A field that is left out of a struct does not live on in the next that is decoded.
func TestStructsDoNotMix(t *testing.T) {
	c := of[everything](t)
	b := encode(t, c, everything{Cache: 7, Map: map[string]int64{"a": 1}, Name: "first"})
	first := decode(t, c, b)
	if first.Cache != 0 {
		t.Errorf("a field that is left out is %d", first.Cache)
	}
	second := decode(t, c, encode(t, c, everything{Map: map[string]int64{"b": 2}}))
	if len(first.Map) != 1 || len(second.Map) != 1 || second.Name != "" {
		t.Errorf("%v, then %v", first, second)
	}
	if _, _, err := c.Decode(append([]byte{0, 0, 0, 9}, b[4:13]...)); err == nil {
		t.Error("a part of a struct is one")
	}
	if got := decode(t, c, encode(t, c, everything{})); got.Name != "" || len(got.Map) != 0 {
		t.Errorf("after an error: %v", got)
	}
}

type chain struct{ Next []chain }

// How deep a struct may be nested is the same for writing and for reading.
func TestDeepStructs(t *testing.T) {
	c := of[chain](t)
	var v chain
	for depth := range 1200 {
		b, err := c.Append([]byte("x"), v)
		if err != nil {
			if depth < 100 || string(b) != "x" {
				t.Fatalf("at depth %d: %q, %v", depth, b, err)
			}
			return
		}
		if _, _, err := c.Decode(b[1:]); err != nil {
			t.Fatalf("written and not read at depth %d: %v", depth, err)
		}
		v = chain{[]chain{v}}
	}
	t.Error("there is no limit")
}

type broken struct{ N int64 }

func TestStructErrors(t *testing.T) {
	c := of[broken](t)
	for _, v := range []struct{ in, want string }{
		{"", "at byte 0: want 4 bytes, have 0"},
		{"\x00\x00\x00\x02\x02", "at byte 0: 2 bytes cannot be in the 5 bytes that are left"},
		{"\x00\x00\x00\x02\x02\x00", "at byte 5: broken: 1 bytes left over"},
		{"\x00\x00\x00\x01\x80", "at byte 4: broken.N: the bytes end in a number"},
	} {
		if _, _, err := c.Decode([]byte(v.in)); err == nil || !strings.HasPrefix(err.Error(), v.want) {
			t.Errorf("%x: %v, want %s", v.in, err, v.want)
		}
	}
	// Inside of something, the byte is counted from where that begins.
	list := of[[]broken](t)
	b := encode(t, list, []broken{{1}, {2}})
	b[len(b)-1] = 0x80
	if _, _, err := list.Decode(b); err == nil || !strings.HasPrefix(err.Error(), "at byte 13: broken.N: ") {
		t.Errorf("%v", err)
	}
}
