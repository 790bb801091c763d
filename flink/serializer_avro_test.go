package flink

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/twmb/avro"
)

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
