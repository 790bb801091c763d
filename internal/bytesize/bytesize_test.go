package bytesize

import (
	"math"
	"testing"

	"pgregory.net/rapid"
)

func TestParse(t *testing.T) {
	for s, want := range map[string]int64{
		"0": 0, "512": 512, "7B": 7, "20KiB": 20 << 10, "1 MiB": 1 << 20, "2GiB": 2 << 30, "1TiB": Max, "1024GiB": Max,
		"": -1, "KiB": -1, "-1": -1, "-1KiB": -1, "1.5MiB": -1, "1kb": -1, "1025GiB": -1, "2TiB": -1,
		"9223372036854775807": -1, "9223372036854775807KiB": -1, "18446744073709551616": -1, "1KiBKiB": -1, "20KiB/s": -1,
	} {
		n, err := Parse(s)
		if want < 0 && err == nil || want >= 0 && (err != nil || n != want) {
			t.Errorf("%q: %d, %v; want %d", s, n, err, want)
		}
	}
}

func TestExactIsReadBack(t *testing.T) {
	for n, want := range map[int64]string{0: "0", 1: "1", 1023: "1023", 1 << 10: "1KiB", 1<<10 + 1: "1025", 20 << 10: "20KiB", 3 << 30: "3GiB"} {
		if got := Exact(n); got != want {
			t.Errorf("%d is written %s, want %s", n, got, want)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.Int64Range(0, Max).Draw(t, "n") &^ (1<<rapid.IntRange(0, 30).Draw(t, "zeros") - 1)
		if got, err := Parse(Exact(n)); err != nil || got != n {
			t.Fatalf("%d is written %s and read %d, %v", n, Exact(n), got, err)
		}
	})
}

func TestFormat(t *testing.T) {
	for n, want := range map[int64]string{
		-1: "-1 B", 0: "0 B", 1023: "1023 B", 1024: "1.0 KiB", 1<<20 - 1: "1.0 MiB", 1<<20 - 60: "1023.9 KiB", 1023 << 10: "1023.0 KiB",
		3 << 29: "1.5 GiB", math.MaxInt64: "8388608.0 TiB",
	} {
		if got := Format(n); got != want {
			t.Errorf("%d is written %q, want %q", n, got, want)
		}
	}
}

func TestGrouped(t *testing.T) {
	for n, want := range map[int64]string{
		0: "0", 999: "999", 1000: "1,000", -100: "-100", -1000: "-1,000", 123456: "123,456",
		math.MaxInt64: "9,223,372,036,854,775,807", math.MinInt64: "-9,223,372,036,854,775,808",
	} {
		if got := Grouped(n); got != want {
			t.Errorf("%d: %s, want %s", n, got, want)
		}
	}
}
