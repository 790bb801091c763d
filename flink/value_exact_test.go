package flink

import (
	"bytes"
	"math"
	"math/big"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/twmb/avro"
	"pgregory.net/rapid"
)

// TestAppendExactTellsApart has values that all differ, although many are printed alike.
func TestAppendExactTellsApart(t *testing.T) {
	values := []Value{
		nil, true, false, int8(1), int16(1), int32(1), int64(1), int64(256), float32(1), 1.0, 0.0, math.Copysign(0, -1), math.NaN(),
		"", "a", "\xff", "\uFFFD", "\xed\xa0\xbd", []byte{}, []byte("a"), big.NewInt(1), big.NewInt(-1), big.NewInt(0),
		Decimal{big.NewInt(10), 1}, Decimal{big.NewInt(1), 0}, time.Unix(1, 0), time.Unix(1, 1),
		[]Value{}, []Value{nil}, []Value{"a", "b"}, []Value{"ab"}, []Value{[]Value{"a"}, "b"}, []Value{[]Value{"a", "b"}},
		Map{}, Map{{"a", "b"}}, Map{{"a", nil}}, Map{{"a", int32(1)}, {"b", int32(2)}}, Map{{"a", int32(2)}, {"b", int32(1)}},
		Record{}, Record{"T", nil}, Record{"T", []Field{{"a", nil}}}, Record{"T", []Field{{"b", nil}}}, Record{"U", []Field{{"a", nil}}},
		WindowValue{0, 1}, WindowValue{1, 0}, TimerValue{1, "a", nil}, TimerValue{1, nil, "a"}, Opaque{"T", nil}, Opaque{"", []byte("T")},
		struct{}{},
	}
	for i, a := range values {
		for j, b := range values {
			if same := bytes.Equal(AppendExact(nil, a), AppendExact(nil, b)); same != (i == j) {
				t.Errorf("%#v and %#v: same is %t", a, b, same)
			}
		}
	}
}

// anyValue is a Value of any kind.
func anyValue(depth int) *rapid.Generator[Value] {
	leaf := rapid.OneOf(
		rapid.Just[Value](nil), rapid.Bool().AsAny(), rapid.Int8().AsAny(), rapid.Int16().AsAny(), rapid.Int32Range(-3, 3).AsAny(),
		rapid.Int64().AsAny(), rapid.Float32().AsAny(), rapid.Float64().AsAny(), anyString().AsAny(), anyBytes().AsAny(),
	)
	if depth == 0 {
		return leaf
	}
	return rapid.OneOf(leaf, rapid.Custom(func(t *rapid.T) Value {
		list := rapid.SliceOfN(anyValue(depth-1), 0, 4).Draw(t, "list")
		switch rapid.IntRange(0, 2).Draw(t, "kind") {
		case 0:
			return list
		case 1:
			m := Map{}
			for i, v := range list {
				m = append(m, MapEntry{int32(i), v})
			}
			return m
		}
		r := Record{Type: "T"}
		for _, v := range list {
			r.Fields = append(r.Fields, Field{anyName().Draw(t, "name"), v})
		}
		return r
	}))
}

// TestAppendExact compares its result with a comparison of the values themselves, also with
// the entries of maps in another order.
func TestAppendExact(t *testing.T) {
	order := cmpopts.SortSlices(func(a, b MapEntry) bool { return a.Key.(int32) < b.Key.(int32) })
	rapid.Check(t, func(t *rapid.T) {
		a, b := anyValue(2).Draw(t, "a"), anyValue(2).Draw(t, "b")
		same := bytes.Equal(AppendExact(nil, a), AppendExact(nil, b))
		if want := cmp.Equal(a, b, order, cmp.Comparer(sameFloats)); same != want {
			t.Fatalf("same is %t, want %t", same, want)
		}
		if !bytes.Equal(AppendExact(nil, a), AppendExact(nil, turned(a))) {
			t.Fatal("the order of a map counts")
		}
	})
}

func sameFloats(a, b float64) bool { return math.Float64bits(a) == math.Float64bits(b) }

// turned returns v with the entries of all maps in reverse order.
func turned(v Value) Value {
	switch v := v.(type) {
	case []Value:
		list := slices.Clone(v)
		for i := range list {
			list[i] = turned(list[i])
		}
		return list
	case Map:
		m := slices.Clone(v)
		for i := range m {
			m[i].Value = turned(m[i].Value)
		}
		slices.Reverse(m)
		return m
	}
	return v
}

// TestFields compares the names of fields with the fields of values.
func TestFields(t *testing.T) {
	flight, _, err := parseAvro(`{"type":"record","name":"F","fields":[{"name":"from","type":"string"},{"name":"n","type":"int"}]}`)
	if err != nil {
		t.Fatal(err)
	}
	structs, err := NewAvroStruct("F", flight)
	if err != nil {
		t.Fatal(err)
	}
	other := func(schema string) Serializer {
		s, err := NewAvroStruct("T", avro.MustParse(schema))
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	for _, v := range []struct {
		s     Serializer
		bytes []byte
		names []string
	}{
		{other(`["null",` + flight.String() + `]`), AppendBytes32(nil, []byte("\x02\x06FRA\x02")), []string{"from", "n"}},
		{other(`["null",` + flight.String() + `]`), AppendBytes32(nil, []byte("\x00")), []string{"from", "n"}},
		{other(`["null","long"]`), AppendBytes32(nil, []byte("\x02\x02")), nil},
		{other(`{"type":"long","go":"uint32"}`), AppendBytes32(nil, []byte("\x02")), nil},
		{structs, AppendBytes32(nil, []byte("\x06FRA\x02")), []string{"from", "n"}},
		{Tuple(Long, String), AppendString(AppendI64(nil, 1), "a"), []string{"f0", "f1"}},
		{TimeWindow, AppendI64(AppendI64(nil, 0), 9), []string{"start", "end"}},
		{&composite{kind: ttlKind, nested: []Serializer{Long, String}}, AppendString(AppendI64(nil, 1), "a"), []string{"lastAccess", "value"}},
		{&composite{kind: rowKind, number: 1, nested: []Serializer{Byte}}, []byte{0, 7}, []string{"kind", "f0"}},
		{&composite{kind: rowKind, nested: []Serializer{Byte, Byte}}, []byte{0x80, 7}, []string{"f0", "f1"}},
		{&composite{kind: nullableKind, nested: []Serializer{Tuple(Byte)}}, []byte{1}, []string{"f0"}},
		{&pojo{class: "P", fields: []pojoPart{{optMapEntry{name: "x"}, Byte}}}, []byte{2, 0, 7}, []string{"x"}},
		{&pojo{class: "P", numbered: make([]pojoPart, 1)}, []byte{1}, nil},
		{String, AppendString(nil, "a"), nil},
		{ListOf(Byte), AppendI32(nil, 0), nil},
	} {
		names := FieldNames(v.s)
		if !slices.Equal(names, v.names) {
			t.Errorf("%s: %q, want %q", v.s.TypeName(), names, v.names)
		}
		c := NewCursor(v.bytes)
		value := v.s.Decode(c)
		if c.wantEnd(); c.err != nil {
			t.Errorf("%s: %v", v.s.TypeName(), c.err)
		}
		if names == nil {
			continue
		}
		values, ok := FieldValues(value, len(names))
		if !ok || len(values) != len(names) {
			t.Errorf("%s: %v has no %d fields", v.s.TypeName(), value, len(names))
		}
		if r, isRecord := value.(Record); isRecord {
			for i, f := range r.Fields {
				if f.Name != names[i] {
					t.Errorf("%s: field %d of %v is not %s", v.s.TypeName(), i, value, names[i])
				}
			}
		}
		if _, ok := FieldValues(Opaque{"T", nil}, len(names)); ok {
			t.Error("what is opaque has fields")
		}
	}
}
