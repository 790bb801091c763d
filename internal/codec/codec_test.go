package codec

import (
	"bytes"
	"math"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/weirstream/weir/flink"
)

// of is Of for a type that has a codec.
func of[T any](t testing.TB) Codec[T] {
	t.Helper()
	c, err := Of[T]()
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// encode is Append to nothing, of a value that has an encoding.
func encode[T any](t rapid.TB, c Codec[T], v T) []byte {
	t.Helper()
	b, err := c.Append(nil, v)
	if err != nil {
		t.Fatalf("append %v: %v", v, err)
	}
	return b
}

// decode is Decode of all of b, which must work.
func decode[T any](t rapid.TB, c Codec[T], b []byte) T {
	t.Helper()
	v, n, err := c.Decode(b)
	if err != nil {
		t.Fatalf("decode %x: %v", b, err)
	}
	if n != len(b) {
		t.Fatalf("decode %x took %d bytes of %d", b, n, len(b))
	}
	return v
}

// holds holds a codec to the contract of Codec for one value.
func holds[T any](t rapid.TB, c Codec[T], v T, same func(was, is T) bool) {
	t.Helper()
	b := encode(t, c, v)
	if again := encode(t, c, v); !bytes.Equal(again, b) {
		t.Fatalf("%v: once %x, once %x", v, b, again)
	}

	// It is appended to what is there, with and without room.
	for _, room := range []int{0, 1000} {
		dst := append(make([]byte, 0, 6+room), "before"...)
		dst, err := c.Append(dst, v)
		if err != nil || !bytes.Equal(dst, append([]byte("before"), b...)) {
			t.Fatalf("%v: appended %x (%v), want %x after before", v, dst, err, b)
		}
	}

	// It ends by itself, and shares nothing with where it was read from.
	src := append(bytes.Clone(b), 0xFF, 0xFF, 0xFF, 0xFF, 0xFF)
	got, n, err := c.Decode(src)
	if err != nil || n != len(b) {
		t.Fatalf("%v: decode %x: %d bytes of %d, %v", v, b, n, len(b), err)
	}
	for i := range src {
		src[i] = 0xA5
	}
	if !same(v, got) {
		t.Fatalf("was %#v, is %#v", v, got)
	}
	if again := encode(t, c, got); !bytes.Equal(again, b) {
		t.Fatalf("%v: was %x, is %x", v, b, again)
	}

	// No part of it is a value: what is cut off is noticed.
	for i := 0; i < len(b); i += 1 + len(b)/200 {
		if _, _, err := c.Decode(b[:i:i]); err == nil {
			t.Fatalf("%v: the first %d of %d bytes of %x are a value", v, i, len(b), b)
		}
	}

	// A reader that knows only the snapshot finds the end as well.
	cursor := flink.NewCursor(b)
	c.Serializer().Decode(cursor)
	if cursor.Err() != nil || cursor.Offset() != len(b) {
		t.Fatalf("%v: by its serializer %x has %d bytes: %v", v, b, cursor.Offset(), cursor.Err())
	}
}

func equal[T comparable](was, is T) bool { return was == is }

// Generators of everything that a kind can be, extremes included.

func anyInt64() *rapid.Generator[int64] {
	return rapid.OneOf(rapid.Int64(), rapid.SampledFrom([]int64{math.MinInt64, -1, 0, 1, math.MaxInt64}))
}

func anyFloat64() *rapid.Generator[float64] {
	return rapid.OneOf(
		rapid.Map(rapid.Uint64(), math.Float64frombits),
		rapid.SampledFrom([]float64{math.NaN(), math.Float64frombits(0x7FF0000000000001), math.Inf(-1), 0, math.Copysign(0, -1), math.MaxFloat64}))
}

func anyFloat32() *rapid.Generator[float32] {
	return rapid.OneOf(
		rapid.Map(rapid.Uint32(), math.Float32frombits),
		rapid.SampledFrom([]float32{math.Float32frombits(0x7F800001), float32(math.Inf(1)), 0, math.MaxFloat32}))
}

// anyString has what is not UTF-8, surrogates and what is beyond the BMP.
func anyString() *rapid.Generator[string] {
	return rapid.OneOf(
		rapid.String(),
		rapid.Map(rapid.SliceOf(rapid.Byte()), func(b []byte) string { return string(b) }),
		rapid.SampledFrom([]string{"", "\x00", "\xff", "日本", "😀", "a😀\xed\xa0\x80", "\xed\xa0\xbd\xed\xb8\x80"}))
}

func anyTime() *rapid.Generator[time.Time] {
	zone := time.FixedZone("", 5400)
	return rapid.Custom(func(t *rapid.T) time.Time {
		v := time.Unix(
			rapid.OneOf(rapid.Int64Range(instantMin, instantMax), rapid.SampledFrom([]int64{instantMin, -1, 0, instantMax})).Draw(t, "s"),
			rapid.Int64Range(0, 999_999_999).Draw(t, "ns"))
		if rapid.Bool().Draw(t, "elsewhere") {
			return v.In(zone)
		}
		return v
	})
}

func bits64(a, b float64) bool { return math.Float64bits(a) == math.Float64bits(b) }
func bits32(a, b float32) bool { return math.Float32bits(a) == math.Float32bits(b) }

func instant(was, is time.Time) bool { return was.Equal(is) && is.Location() == time.UTC }
