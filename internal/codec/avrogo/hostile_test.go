package avrogo

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"
	"unsafe"

	"github.com/twmb/avro"
)

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
	notRead[map[string]int64](t, "040200"+"02"+"0200"+"02"+"00", 4, "a key comes twice in a map")
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

// How deep values may be nested is the same for writing, for reading and for the library,
// whatever is innermost.
func TestDepth(t *testing.T) {
	depth(t, list{Leaves: []inner{{1, 2}}}, func(v list) list { return list{Next: &v} })
	depth(t, table{Leaves: map[string]inner{"a": {1, 2}}}, func(v table) table { return table{Next: []table{v}} })
	depth(t, numbers{Leaves: map[int]inner{1: {1, 2}}}, func(v numbers) numbers { return numbers{Next: map[string]numbers{"": v}} })
	depth(t, pairs{Leaves: [2]inner{{1, 2}}}, func(v pairs) pairs { return pairs{Next: &v} })
	depth(t, times{At: ptr(time.Unix(1, 2).UTC())}, func(v times) times { return times{Next: map[int]times{1: v}} })
}

type (
	list struct {
		Next   *list
		Leaves []inner
	}
	table struct {
		Next   []table
		Leaves map[string]inner
	}
	numbers struct {
		Next   map[string]numbers
		Leaves map[int]inner
	}
	pairs struct {
		Next   *pairs
		Leaves [2]inner
	}
	times struct {
		Next map[int]times
		At   *time.Time
	}
)

func depth[T any](t *testing.T, v T, around func(T) T) {
	t.Helper()
	typ := typeOf[T](t)
	over, err := typeOf[struct{ Other int }](t).Reading(typ.Schema())
	if err != nil {
		t.Fatal(err)
	}
	for range 10_000 {
		b, err := typ.Append(nil, unsafe.Pointer(&v))
		if err != nil {
			if len(b) > 0 || !strings.Contains(err.Error(), "nested more than 400 deep") {
				t.Errorf("%x, %v", b, err)
			}
			return
		}
		var got T
		var any any
		if err := typ.Read(b, unsafe.Pointer(&got)); err != nil {
			t.Fatalf("written and not read: %v", err)
		}
		if _, err := typ.Schema().Decode(b, &any); err != nil {
			t.Fatalf("written and not read by the library: %v", err)
		}
		if err := over.Read(b, unsafe.Pointer(&struct{ Other int }{})); err != nil {
			t.Fatalf("written and not read over: %v", err)
		}
		v = around(v)
	}
	t.Error("there is no limit")
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

// A short schema must not make much of little data.
func TestNothing(t *testing.T) {
	text := `{"type":"record","name":"R0","fields":[]}`
	for i := range 30 {
		text = fmt.Sprintf(`{"type":"record","name":"R%d","fields":[{"name":"a","type":%s},{"name":"b","type":"R%d"}]}`, i+1, text, i)
	}
	for _, text := range []string{text, `{"type":"array","items":"null"}`, `{"type":"array","items":{"type":"fixed","name":"F","size":0}}`} {
		was := avro.MustParse(`{"type":"record","name":"S","fields":[{"name":"A","type":` + text + `}]}`)
		if _, err := typeOf[struct{ B int64 }](t).Reading(was); err == nil || !strings.Contains(err.Error(), "take no bytes") {
			t.Errorf("error %v", err)
		}
	}
}

// Reading a value costs no more than its bytes and its schema are worth, whatever they are.
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
