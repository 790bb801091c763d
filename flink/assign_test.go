package flink

import (
	"math"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/weirstream/weir/checkpoint"
)

func TestAssignVectors(t *testing.T) {
	for _, v := range []struct {
		name     string
		hash     int32
		wantHash int32
		murmur   int32
		group    checkpoint.KeyGroup
	}{
		{`"a"`, JavaStringHash("a"), 97, 1455541201, 81},
		{`"Hello"`, JavaStringHash("Hello"), 69609650, 363997324, 12},
		{`""`, JavaStringHash(""), 0, 593689054, 94},
		{`"日本"`, JavaStringHash("日本"), 835047, 1762503263, 95},
		{"long 1", JavaLongHash(1), 1, 68075478, 86},
		{"long -1", JavaLongHash(-1), 0, 593689054, 94},
		{"long 2^31", JavaLongHash(1 << 31), math.MinInt32, 1718298732, 108},
		{"long 123456789012", JavaLongHash(123456789012), -1097262584, 723049339, 123},
		{"int -1", JavaIntHash(-1), -1, 1982413648, 80},
		{"double 1", JavaDoubleHash(1), 1072693248, 1409882055, 71},
		{"double 2.5", JavaDoubleHash(2.5), 1074003968, 581188880, 16},
		{"true", JavaBoolHash(true), 1231, 1090530765, 77},
		{"false", JavaBoolHash(false), 1237, 1530821891, 3},
		{`("a", 1L)`, JavaTupleHash(JavaStringHash("a"), JavaLongHash(1)), 3008, 1123382429, 29},
	} {
		if v.hash != v.wantHash {
			t.Errorf("%s: hash %d, want %d", v.name, v.hash, v.wantHash)
		}
		if m := Murmur(v.hash); m != v.murmur {
			t.Errorf("%s: Murmur %d, want %d", v.name, m, v.murmur)
		}
		if g := KeyGroupOf(v.hash, 128); g != v.group {
			t.Errorf("%s: key group %d, want %d", v.name, g, v.group)
		}
	}
}

func TestJavaHashOfFloats(t *testing.T) {
	otherNaN := math.Float64frombits(0xFFF8000000000123)
	if a, b := JavaDoubleHash(otherNaN), JavaDoubleHash(math.NaN()); a != 0x7FF80000 || a != b {
		t.Errorf("NaNs hash to %#x and %#x", a, b)
	}
	if a, b := JavaDoubleHash(0), JavaDoubleHash(math.Copysign(0, -1)); a != 0 || b != math.MinInt32 {
		t.Errorf("0 and -0 hash to %#x and %#x", a, b)
	}
	if h := JavaFloatHash(math.Float32frombits(0xFFC00001)); h != 0x7FC00000 {
		t.Errorf("a NaN hashes to %#x", h)
	}
	if h := JavaFloatHash(1); h != 0x3F800000 {
		t.Errorf("1.0 hashes to %#x", h)
	}
}

// The hash is over exactly the units that are written.
func TestJavaStringHashOverUnits(t *testing.T) {
	check := func(t interface{ Fatalf(string, ...any) }, s string) {
		var want int32
		for _, u := range appendUnits(nil, s) {
			want = 31*want + int32(u)
		}
		if got := JavaStringHash(s); got != want {
			t.Fatalf("JavaStringHash(%q) = %d, want %d", s, got, want)
		}
	}
	// ASCII has code of its own, with eight bytes per step: test each length, each byte at its
	// largest, and a byte that is not ASCII at each place.
	for n := range 40 {
		for at := range n + 1 {
			check(t, strings.Repeat("a", at)+strings.Repeat("\x7f", n-at))
			check(t, strings.Repeat("k", at)+"é"+strings.Repeat("v", n-at))
			check(t, strings.Repeat("k", at)+"\x80"+strings.Repeat("v", n-at))
		}
	}
	rapid.Check(t, func(t *rapid.T) { check(t, anyString().Draw(t, "s")) })
	rapid.Check(t, func(t *rapid.T) { check(t, rapid.StringMatching("[ -~]{0,50}").Draw(t, "ascii")) })
}

func TestMurmurNeverNegative(t *testing.T) {
	for h := int64(math.MinInt32); h <= math.MaxInt32; h += 65537 {
		if m := Murmur(int32(h)); m < 0 {
			t.Fatalf("Murmur(%d) = %d", h, m)
		}
	}
	// The only hash that is mixed to the number without an absolute value.
	if m := Murmur(-2089875627); m != 0 {
		t.Errorf("Murmur(-2089875627) = %d, want 0", m)
	}
}

func TestKeyGroupRangeOf(t *testing.T) {
	for _, v := range []struct {
		parallelism int
		want        string
	}{
		{1, "0-127"},
		{2, "0-63 64-127"},
		{3, "0-42 43-85 86-127"},
		{5, "0-25 26-51 52-76 77-102 103-127"},
	} {
		var got []string
		for i := range v.parallelism {
			got = append(got, KeyGroupRangeOf(checkpoint.Subtask(i), 128, v.parallelism).String())
		}
		if g := strings.Join(got, " "); g != v.want {
			t.Errorf("parallelism %d: %s, want %s", v.parallelism, g, v.want)
		}
	}
}

// At every parallelism each key group has one subtask, and both functions agree which.
func TestRangesAreAPartition(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		maxParallelism := rapid.IntRange(1, checkpoint.MaxMaxParallelism).Draw(t, "max")
		parallelism := rapid.IntRange(1, min(200, maxParallelism)).Draw(t, "parallelism")
		next := 0
		for i := range parallelism {
			s := checkpoint.Subtask(i)
			r := KeyGroupRangeOf(s, maxParallelism, parallelism)
			if r.Start != next || r.Len() == 0 {
				t.Fatalf("subtask %v has %v, and %d is next", s, r, next)
			}
			for _, g := range []int{r.Start, r.End} {
				if got := SubtaskOf(checkpoint.KeyGroup(g), maxParallelism, parallelism); got != s {
					t.Fatalf("key group %d is in %v's range %v, and SubtaskOf says %v", g, s, r, got)
				}
			}
			next = r.End + 1
		}
		if next != maxParallelism {
			t.Fatalf("the ranges end at %d of %d", next, maxParallelism)
		}
	})
}

func TestDefaultMaxParallelism(t *testing.T) {
	for p, want := range map[int]int{
		1: 128, 85: 128, 86: 256, 128: 256, 171: 256, 172: 512, 1000: 2048,
		21845: 32768, 30000: 32768, 32768: 32768,
	} {
		if got := DefaultMaxParallelism(p); got != want {
			t.Errorf("DefaultMaxParallelism(%d) = %d, want %d", p, got, want)
		}
	}
}

func TestOperatorIDOf(t *testing.T) {
	for uid, want := range map[string]string{
		"go-op":   "46d61359cabdbd29777a62a6269783b7",
		"counter": "0da08f51eaa85fc298e176a139b3649a",
		// Not uids, but the bytes that Flink hashes for operators without one.
		strings.Repeat("\x00", 4): "bc764cd8ddf7a0cff126f51c16239658", // a lone source
		strings.Repeat("\x00", 8): "cbc357ccb763df2852fee8c4fc7d55f2", // with a chained successor
	} {
		if got := OperatorIDOf(uid).String(); got != want {
			t.Errorf("OperatorIDOf(%q) = %s, want %s", uid, got, want)
		}
		if got := JobIDOf(uid).String(); got != want {
			t.Errorf("JobIDOf(%q) = %s, want %s", uid, got, want)
		}
	}
	// The operator after that lone source: its own hash, with the source's mixed in.
	id := OperatorIDOf("\x01\x00\x00\x00")
	for i, b := range OperatorIDOf("\x00\x00\x00\x00") {
		id[i] = id[i]*37 ^ b
	}
	if got, want := id.String(), "0a448493b4782967b150582570326227"; got != want {
		t.Errorf("the second operator's id is %s, want %s", got, want)
	}
}

func BenchmarkJavaStringHash(b *testing.B) {
	for _, s := range []string{"user-0123456789a", strings.Repeat("0123456789", 10), "キー・グループ"} {
		b.Run(s[:min(16, len(s))], func(b *testing.B) {
			b.SetBytes(int64(len(s)))
			var sum int32
			for b.Loop() {
				sum += JavaStringHash(s)
			}
			hashSink = sum
		})
	}
}

var hashSink int32
