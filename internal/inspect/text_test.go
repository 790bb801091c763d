package inspect

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math"
	"math/big"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"pgregory.net/rapid"

	"github.com/weirstream/weir/flink"
)

// TestForms shows each form in which a value is written: as text, as JSON and as a cell.
func TestForms(t *testing.T) {
	for _, v := range []struct {
		value            flink.Value
		text, json, cell string // "=" is what the form before has
	}{
		{nil, `null`, `=`, ``},
		{true, `true`, `=`, `=`},
		{int64(-5), `-5`, `=`, `=`},
		{big.NewInt(7), `7`, `=`, `=`},
		{5.0, `5.0`, `=`, `=`},
		{float32(0.1), `0.1`, `=`, `=`},
		{1e300, `1e+300`, `=`, `=`},
		{math.Copysign(0, -1), `-0.0`, `=`, `=`},
		{math.Float64frombits(javaNaN), `NaN`, `{"$float":"NaN"}`, `=`},
		{math.NaN(), `NaN(0x7ff8000000000001)`, `{"$float":"NaN(0x7ff8000000000001)"}`, `=`},
		{math.Float32frombits(javaNaN32 + 1), `NaN(0x7fc00001)`, `{"$float":"NaN(0x7fc00001)"}`, `=`},
		{float32(math.Inf(-1)), `-Infinity`, `{"$float":"-Infinity"}`, `=`},
		{flink.Decimal{Unscaled: big.NewInt(150), Scale: 2}, `decimal(1.50)`, `{"$decimal":"1.50"}`, `=`},
		{time.Unix(0, 5).In(time.FixedZone("", 3600)), `1970-01-01T00:00:00.000000005Z`, `{"$time":"1970-01-01T00:00:00.000000005Z"}`, `=`},

		{"NaN", `"NaN"`, `=`, `NaN`},
		{"a, b; c ", `"a, b; c "`, `=`, `a, b; c `},
		{"", `""`, `=`, `=`},
		{"5", `"5"`, `=`, `=`},
		{"05", `"05"`, `=`, `05`},
		{"null", `"null"`, `=`, `=`},
		{"[1]", `"[1]"`, `=`, `=`},
		{"a\tb\r\n", `"a\tb\r\n"`, `"a\tb\u000d\n"`, `=`},
		{`"quoted" \`, `"\"quoted\" \\"`, `=`, `"quoted" \`},
		{`"quoted"`, `"\"quoted\""`, `=`, `=`},
		{"\x1b[2J", `"\x1b[2J"`, `"\u001b[2J"`, `=`},
		{"\u202e", `"\u202e"`, `=`, `=`},
		{"\U000e0041", `"\U000e0041"`, `"\udb40\udc41"`, `=`},
		{"o\ufe0f\u2800\u3164\u00ad\u034f", `"o\ufe0f\u2800\u3164\u00ad\u034f"`, `=`, `=`},
		{"\ufffd é 日😀", `"` + "\ufffd é 日😀" + `"`, `=`, "\ufffd é 日😀"},
		{"caf\xe9", `"caf\xe9"`, `{"$text":"Y2Fm6Q=="}`, `=`},
		{"\xed\xa0\xbd", `"\xed\xa0\xbd"`, `{"$text":"7aC9"}`, `=`},

		{[]byte{}, `b""`, `{"$bytes":""}`, `=`},
		{[]byte("a\"\\\n\xc3\xa9"), `b"a\"\\\x0a\xc3\xa9"`, `{"$bytes":"YSJcCsOp"}`, `=`},
		{[]flink.Value{"a", nil}, `["a", null]`, `["a",null]`, `=`},
		{flink.Map{{Key: "b", Value: int32(1)}, {Key: "a", Value: nil}}, `{"a": null, "b": 1}`, `{"a":null,"b":1}`, `=`},
		{flink.Map{}, `{}`, `=`, `=`},
		{flink.Map{{Key: "$time", Value: "x"}}, `{"$time": "x"}`, `{"$$time":"x"}`, `=`},
		{flink.Map{{Key: int32(10), Value: true}, {Key: int32(9), Value: false}}, `{9: false, 10: true}`, `{"$map":[[9,false],[10,true]]}`, `=`},
		{flink.Map{{Key: "\xff", Value: int32(1)}}, `{"\xff": 1}`, `{"$map":[[{"$text":"/w=="},1]]}`, `=`},
		{flink.Map{{Key: "a", Value: "2"}, {Key: "a", Value: "1"}}, `{"a": "1", "a": "2"}`, `{"$map":[["a","1"],["a","2"]]}`, `=`},
		{flink.Record{Type: "com.example.Visit", Fields: []flink.Field{{Name: "page", Value: "/"}, {Name: "$n", Value: int32(1)}}},
			`com.example.Visit{page: "/", $n: 1}`, `{"page":"/","$$n":1}`, `=`},
		{flink.Record{Type: `a{b: 1}`}, `"a{b: 1}"{}`, `{}`, `=`},
		{flink.WindowValue{Start: 0, End: 60000}, `window(0, 60000)`, `{"start":0,"end":60000}`, `=`},
		{flink.TimerValue{Timestamp: 5, Key: "k"}, `timer(5, "k", null)`, `{"timestamp":5,"key":"k","namespace":null}`, `=`},
		{flink.Opaque{Type: "Kryo", Data: []byte{1}}, `opaque("Kryo", b"\x01")`, `{"$opaque":"Kryo","base64":"AQ=="}`, `=`},
		{struct{}{}, `unknown("struct {}", "{}")`, `{"$unknown":"struct {}: {}"}`, `=`},
	} {
		if v.json == "=" {
			v.json = v.text
		}
		if v.cell == "=" {
			v.cell = v.json
		}
		if got := Text(v.value); got != v.text {
			t.Errorf("%#v as text is\n%s, want\n%s", v.value, got, v.text)
		}
		if got := string(JSON(v.value)); got != v.json {
			t.Errorf("%#v as JSON is\n%s, want\n%s", v.value, got, v.json)
		}
		if got := Cell(v.value); got != v.cell {
			t.Errorf("%#v as a cell is\n%s, want\n%s", v.value, got, v.cell)
		}
	}
}

// TestNames writes names so that none is taken for another.
func TestNames(t *testing.T) {
	for in, want := range map[string]string{
		"count": "count", "_timer_state/event_flush": "_timer_state/event_flush", "two words": "two words", "日": "日",
		"": `""`, "-": `"-"`, " a": `" a"`, "a ": `"a "`, "a\tb": `"a\tb"`, `a\tb`: `"a\\tb"`, "\xff": `"\xff"`, `\xff`: `"\\xff"`,
		"a[1] = 2": `"a[1] = 2"`, "a\u200b": `"a\u200b"`,
	} {
		if got := Name(in); got != want {
			t.Errorf("%q is written %s, want %s", in, got, want)
		}
	}
}

// confusing are texts that could be taken for something else.
var confusing = []string{
	"", " ", "\x00", "\xff", `\xff`, `\\xff`, `"`, `\"`, "\u00e9", "e\u0301", "\xed\xa0\xbd", "\xed\xb8\x80", "\xed\xa0\xbd\xed\xb8\x80", "😀", `\ud83d\ude00`,
	"NaN", "null", "5", "5.0", "[]", "{}", `{"$text":"/w=="}`, "/w==", "$text", "$$text", "b\"\"", "\ufffd", "\u202e", "\u200b", "\u3164", "\r", "\n",
}

func anyText() *rapid.Generator[string] {
	return rapid.OneOf(
		rapid.SampledFrom(confusing),
		rapid.Custom(func(t *rapid.T) string { return string(rapid.SliceOfN(rapid.Byte(), 0, 6).Draw(t, "bytes")) }),
		rapid.Custom(func(t *rapid.T) string {
			return strings.Join(rapid.SliceOfN(rapid.SampledFrom(confusing), 0, 3).Draw(t, "parts"), "")
		}),
	)
}

// anyValue draws a value of any kind that a state may have. Integers are of one width, and
// floats too, because their width is not shown.
func anyValue(depth int) *rapid.Generator[flink.Value] {
	leaf := rapid.OneOf(
		rapid.Just[flink.Value](nil), rapid.Bool().AsAny(), rapid.Int64Range(-12, 12).AsAny(), anyText().AsAny(),
		rapid.Custom(func(t *rapid.T) flink.Value { return []byte(anyText().Draw(t, "bytes")) }),
		rapid.SampledFrom([]flink.Value{
			0.0, math.Copysign(0, -1), 5.0, 1e21, math.NaN(), math.Float64frombits(javaNaN), math.Inf(1), math.Inf(-1), math.Pi, 1e-7,
			flink.Decimal{Unscaled: big.NewInt(5), Scale: 0}, flink.Decimal{Unscaled: big.NewInt(50), Scale: 1}, flink.Decimal{Unscaled: big.NewInt(5), Scale: 70},
			flink.Decimal{Unscaled: big.NewInt(5), Scale: -70},
			time.Unix(0, 0), time.Unix(0, 1), time.Unix(5, 0), time.Unix(1e12, 0),
		}),
		rapid.Custom(func(t *rapid.T) flink.Value {
			return flink.Opaque{Type: anyText().Draw(t, "type"), Data: []byte(anyText().Draw(t, "bytes"))}
		}),
	)
	if depth == 0 {
		return leaf
	}
	return rapid.OneOf(leaf, rapid.Custom(func(t *rapid.T) flink.Value {
		list := rapid.SliceOfN(anyValue(depth-1), 0, 3).Draw(t, "list")
		switch rapid.IntRange(0, 3).Draw(t, "kind") {
		case 0:
			m := flink.Map{}
			for _, v := range list {
				m = append(m, flink.MapEntry{Key: anyValue(depth-1).Draw(t, "key"), Value: v})
			}
			return m
		case 1:
			r := flink.Record{Type: rapid.SampledFrom([]string{"A", "", "A{}", "window"}).Draw(t, "type")}
			for _, v := range list {
				r.Fields = append(r.Fields, flink.Field{Name: rapid.SampledFrom([]string{"a", "$a", "a: 1", ""}).Draw(t, "name"), Value: v})
			}
			return r
		case 2:
			return flink.WindowValue{Start: 1, End: rapid.Int64Range(2, 3).Draw(t, "end")}
		}
		return list
	}))
}

// TestNoTwoLookAlike has values that could be taken for each other, and draws more: two of
// them look the same if, and only if, they are.
func TestNoTwoLookAlike(t *testing.T) {
	all := newLooks()
	for _, s := range confusing {
		for _, v := range []flink.Value{
			s, []byte(s), []flink.Value{s}, []flink.Value{[]byte(s)}, flink.Map{{Key: s, Value: nil}}, flink.Map{{Key: []byte(s), Value: nil}},
			[]flink.Value{[]flink.Value{s, nil}}, flink.Opaque{Type: s}, flink.Opaque{Data: []byte(s)}, flink.Record{Type: s},
			flink.TimerValue{Key: s}, flink.Map{{Key: "a", Value: s}},
		} {
			all.add(t, v)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		all := newLooks()
		for _, v := range rapid.SliceOfN(anyValue(2), 60, 60).Draw(t, "values") {
			all.add(t, v)
		}
	})
}

// allLooks is what values look like in each form.
type allLooks struct{ text, json, cell looks }

func newLooks() allLooks { return allLooks{looks{}, looks{}, looks{}} }

func (l allLooks) add(t fataler, v flink.Value) {
	l.text.add(t, v, Text(v))
	v = withoutClasses(v) // JSON does not show them
	l.json.add(t, v, string(JSON(v)))
	l.cell.add(t, v, Cell(v))
}

// A fataler is a *testing.T or a *rapid.T.
type fataler interface{ Fatalf(string, ...any) }

// looks is what values look like in a form, by the exact form of the value, and the other way
// round.
type looks map[string]string

func (l looks) add(t fataler, v flink.Value, look string) {
	exact := "is " + string(flink.AppendExact(nil, v))
	if have, ok := l[exact]; ok && have != look {
		t.Fatalf("one value looks like %s and like %s", have, look)
	}
	if have, ok := l["looks "+look]; ok && have != exact {
		t.Fatalf("two values look like %s", look)
	}
	l[exact], l["looks "+look] = look, exact
}

// withoutClasses makes of records, windows and maps what they are in JSON: an object with
// names.
func withoutClasses(v flink.Value) flink.Value {
	switch v := v.(type) {
	case []flink.Value:
		list := []flink.Value{}
		for _, e := range v {
			list = append(list, withoutClasses(e))
		}
		return list
	case flink.Map:
		m := flink.Map{}
		for _, e := range v {
			m = append(m, flink.MapEntry{Key: withoutClasses(e.Key), Value: withoutClasses(e.Value)})
		}
		if o := objectOf(m); o != nil {
			return o
		}
		return m
	case flink.Record:
		r := flink.Record{Type: "object"}
		for _, f := range v.Fields {
			r.Fields = append(r.Fields, flink.Field{Name: f.Name, Value: withoutClasses(f.Value)})
		}
		return r
	case flink.WindowValue:
		return flink.Record{Type: "object", Fields: []flink.Field{{Name: "start", Value: v.Start}, {Name: "end", Value: v.End}}}
	}
	return v
}

// objectOf returns a map as a record if all keys are texts, nil otherwise.
func objectOf(m flink.Map) flink.Value {
	r := flink.Record{Type: "object"}
	seen := map[string]bool{}
	for _, e := range sortedMap(m) {
		key, ok := e.Key.(string)
		if !ok || seen[key] || !utf8.ValidString(key) {
			return nil
		}
		seen[key] = true
		r.Fields = append(r.Fields, flink.Field{Name: key, Value: e.Value})
	}
	return r
}

// TestTextsComeBack reads texts and bytes back from each form, and looks for anything hidden.
func TestTextsComeBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := anyText().Draw(t, "text")
		if back, err := strconv.Unquote(Quoted(s)); err != nil || back != s {
			t.Fatalf("%s is read as %q, error %v", Quoted(s), back, err)
		}
		if back, err := strconv.Unquote(strings.TrimPrefix(Text([]byte(s)), "b")); err != nil || back != s {
			t.Fatalf("%s is read as %q, error %v", Text([]byte(s)), back, err)
		}
		if back := fromJSON(t, JSON(s)); back != s {
			t.Fatalf("%s is read as %q", JSON(s), back)
		}
		cell := Cell(s)
		if back := cell; json.Valid([]byte(cell)) {
			if back = fromJSON(t, []byte(cell)); back != s {
				t.Fatalf("%s is read as %q", cell, back)
			}
		} else if back != s {
			t.Fatalf("%s is read as %q", cell, back)
		}
		for _, form := range []string{Text(s), string(JSON(s)), cell, Name(s), Text([]byte(s))} {
			if !utf8.ValidString(form) || strings.ContainsFunc(form, Hidden) {
				t.Fatalf("something is hidden in %q", form)
			}
		}
	})
}

// fromJSON reads a text by the rules of docs/cli-json.md.
func fromJSON(t *rapid.T, data []byte) string {
	var v any
	if err := json.Unmarshal(data, &v); err != nil {
		t.Fatal(err)
	}
	switch v := v.(type) {
	case string:
		return v
	case map[string]any:
		b, err := base64.StdEncoding.DecodeString(fmt.Sprint(v["$text"]))
		if err == nil && len(v) == 1 {
			return string(b)
		}
	}
	t.Fatalf("%s is no text", data)
	return ""
}
