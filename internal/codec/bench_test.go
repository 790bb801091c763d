package codec

import (
	"strconv"
	"testing"
)

type stats struct {
	Airport string
	Count   int64
	Sum     float64
	Late    bool
}

func BenchmarkString(b *testing.B)  { bench(b, of[string](b), "a key of usual length") }
func BenchmarkUnicode(b *testing.B) { bench(b, of[string](b), "München–Kraków, ein Flug") }
func BenchmarkNamed(b *testing.B)   { bench(b, of[airport](b), "MUC") }
func BenchmarkInt64(b *testing.B)   { bench(b, of[int64](b), 1<<40) }
func BenchmarkStruct(b *testing.B)  { bench(b, of[stats](b), stats{"MUC", 12, 3.5, true}) }
func BenchmarkStructWithMap(b *testing.B) {
	bench(b, of[everything](b), everything{Map: map[string]int64{"a": 1, "b": 2, "c": 3}})
}

func BenchmarkStrings100(b *testing.B) {
	v := make([]string, 100)
	for i := range v {
		v[i] = "element " + strconv.Itoa(i)
	}
	bench(b, of[[]string](b), v)
}

func BenchmarkErasedList100(b *testing.B) { bench(b, of[[]int32](b), make([]int32, 100)) }

func BenchmarkMap100(b *testing.B) {
	v := map[string]int64{}
	for i := range 100 {
		v["key "+strconv.Itoa(i)] = int64(i)
	}
	bench(b, of[map[string]int64](b), v)
}

func BenchmarkErasedMap100(b *testing.B) {
	v := tally{}
	for i := range 100 {
		v[airport("key "+strconv.Itoa(i))] = meters(i)
	}
	bench(b, of[tally](b), v)
}

func bench[T any](b *testing.B, c Codec[T], v T) {
	encoded := encode(b, c, v)
	b.Run("append", func(b *testing.B) {
		b.ReportAllocs()
		dst := make([]byte, 0, len(encoded))
		for b.Loop() {
			if _, err := c.Append(dst, v); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("decode", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, _, err := c.Decode(encoded); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func BenchmarkHash(b *testing.B) {
	hash(b, "string", "a key of usual length")
	hash(b, "named", airport("MUC"))
	hash(b, "int64", int64(1)<<40)
	hash(b, "struct", stats{"MUC", 12, 3.5, true})
}

func hash[K comparable](b *testing.B, name string, k K) {
	b.Run(name, func(b *testing.B) {
		h, err := HashOf(of[K](b))
		if err != nil {
			b.Fatal(err)
		}
		b.ReportAllocs()
		for b.Loop() {
			h(k)
		}
	})
}
