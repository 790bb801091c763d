package flink

import (
	"encoding/json"
	"math"
	"math/big"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestAppendJSON(t *testing.T) {
	for _, v := range []struct {
		value Value
		want  string
	}{
		{nil, `null`},
		{true, `true`},
		{int8(-1), `-1`},
		{int16(-1), `-1`},
		{int32(-1), `-1`},
		{int64(math.MaxInt64), `9223372036854775807`},
		{float32(0.1), `0.1`},
		{0.1, `0.1`},
		{math.Copysign(0, -1), `-0`},
		{1e300, `1e+300`},
		{1e-7, `1e-07`},
		{math.NaN(), `"NaN"`},
		{math.Inf(1), `"Infinity"`},
		{float32(math.Inf(-1)), `"-Infinity"`},
		{"a\"\\\n\t\x01<é😀", `"a\"\\\n\t\u0001<é😀"`},
		{"\xff\xed\xa0\xbd.", "\"\uFFFD\\ud83d.\""},
		{[]byte{0xfb, 0xff}, `"+/8="`},
		{new(big.Int).Lsh(big.NewInt(1), 70), `1180591620717411303424`},
		{Decimal{big.NewInt(-5), 3}, `"-0.005"`},
		{Decimal{big.NewInt(1234), 2}, `"12.34"`},
		{Decimal{big.NewInt(100), 2}, `"1.00"`},
		{Decimal{big.NewInt(12), 0}, `"12"`},
		{Decimal{big.NewInt(12), -3}, `"12E3"`},
		{Decimal{big.NewInt(12), math.MaxInt32}, `"12E-2147483647"`},
		{Decimal{big.NewInt(12), math.MinInt32}, `"12E2147483648"`},
		{time.Unix(1, 5e8).UTC(), `"1970-01-01T00:00:01.5Z"`},
		{[]Value{}, `[]`},
		{[]Value{int32(1), []Value{"a", nil}}, `[1,["a",null]]`},
		{Map{}, `{}`},
		{Map{{"b", int32(1)}, {"a", nil}}, `{"a":null,"b":1}`},
		{Map{{int32(10), "x"}, {int32(-9), "y"}}, `[[-9,"y"],[10,"x"]]`},
		{Map{{nil, "x"}, {"a", "y"}}, `[["a","y"],[null,"x"]]`},
		{Record{"T", []Field{{"b", int32(1)}, {"a", nil}}}, `{"b":1,"a":null}`},
		{WindowValue{0, 1000}, `{"start":0,"end":1000}`},
		{TimerValue{999, "k", nil}, `{"timestamp":999,"key":"k","namespace":null}`},
		{Opaque{"Kryo X", []byte{1}}, `{"opaque":"Kryo X","base64":"AQ=="}`},
	} {
		got := string(AppendJSON(nil, v.value))
		if got != v.want {
			t.Errorf("%v: %s, want %s", v.value, got, v.want)
		}
		if !json.Valid([]byte(got)) {
			t.Errorf("%v: %s is not JSON", v.value, got)
		}
	}
}

// Two strings have the same JSON only if they are equal, and encoding/json reads them back.
func TestAppendJSONStrings(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.String().Draw(t, "s")
		var back string
		if err := json.Unmarshal(AppendJSON(nil, s), &back); err != nil || back != s {
			t.Fatalf("%q became %q, error %v", s, back, err)
		}
		if b := AppendJSON(nil, anyString().Draw(t, "any")); !json.Valid(b) {
			t.Fatalf("%s is not JSON", b)
		}
	})
}

func TestAppendJSONFloats(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f := rapid.Float64().Draw(t, "f")
		var back float64
		if b := AppendJSON(nil, f); !math.IsInf(f, 0) && (json.Unmarshal(b, &back) != nil || back != f) {
			t.Fatalf("%v became %s", f, b)
		}
	})
}
