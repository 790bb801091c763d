package window

import (
	"math/big"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/weirstream/weir/eventtime"
)

// drawn returns windows and times that are near each other, or near the ends of time.
func drawn(rng *rand.Rand) (Shape, eventtime.Time) {
	size := 1 + rng.Int64N(40)
	s := Shape{Size: size, Slide: 1 + rng.Int64N(size), Offset: rng.Int64N(201) - 100}
	at := eventtime.Time(rng.Int64N(400) - 200)
	switch rng.IntN(4) {
	case 0:
		at = eventtime.Min + 1 + eventtime.Time(rng.Int64N(90))
	case 1:
		at = eventtime.Max - 1 - eventtime.Time(rng.Int64N(90))
	}
	return s, at
}

// clamp is a time that fits.
func clamp(n *big.Int) eventtime.Time {
	switch {
	case n.IsInt64():
		return eventtime.Time(n.Int64())
	case n.Sign() > 0:
		return eventtime.Max
	default:
		return eventtime.Min
	}
}

// brute returns the windows that a time is in, the latest first, by numbers without an end.
func brute(s Shape, at eventtime.Time) (windows []Bounds) {
	t, slide := big.NewInt(int64(at)), big.NewInt(s.Slide)
	// k is the number of the first window that begins after at.
	k := new(big.Int).Sub(t, big.NewInt(s.Offset))
	k.Div(k, slide).Add(k, big.NewInt(1)) // Div is Euclidean: rounded down
	for {
		k.Sub(k, big.NewInt(1))
		start := new(big.Int).Mul(k, slide)
		start.Add(start, big.NewInt(s.Offset))
		end := new(big.Int).Add(start, big.NewInt(s.Size))
		if end.Cmp(t) <= 0 {
			return windows
		}
		windows = append(windows, Bounds{clamp(start), clamp(end)})
	}
}

func TestWindowsOfATime(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, 1))
	for range 20_000 {
		s, at := drawn(rng)
		want := brute(s, at)
		if got := s.Append(nil, at); !slices.Equal(got, want) {
			t.Fatalf("%+v: %d is in %v, want %v", s, at, got, want)
		}
		if first, last := s.First(at), s.Last(at); first != want[len(want)-1] || last != want[0] {
			t.Fatalf("%+v: %d is first in %v and last in %v, want %v", s, at, first, last, want)
		}
		if n := int64(len(want)); n > s.PerRecord() {
			t.Fatalf("%+v: %d is in %d windows, at most are said to be %d", s, at, n, s.PerRecord())
		}
		for i := len(want) - 1; i > 0; i-- {
			if next, ok := s.Next(want[i]); !ok || next != want[i-1] {
				t.Fatalf("%+v: after %v comes %v, want %v", s, want[i], next, want[i-1])
			}
		}
		if next, ok := s.Next(want[0]); ok && !slices.Contains(brute(s, next.Start), next) {
			t.Fatalf("%+v: after %v comes %v, which is no window", s, want[0], next)
		} else if !ok && want[0].End != eventtime.Max {
			t.Fatalf("%+v: there is nothing after %v", s, want[0])
		}
	}
}

// Two times are in one slice if, and only if, every window has both or neither.
func TestSlices(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, 2))
	for range 20_000 {
		s, at := drawn(rng)
		slice := s.Slice(at)
		if !slice.Contains(at) {
			t.Fatalf("%+v: the slice %v of %d does not have it", s, slice, at)
		}
		same := func(other eventtime.Time) bool { return slices.Equal(brute(s, at), brute(s, other)) }
		for other := max(slice.Start, at-50); other < slice.End && other < at+50; other++ {
			if !same(other) || s.Slice(other) != slice {
				t.Fatalf("%+v: %d and %d of %v are in other windows, or slices", s, at, other, slice)
			}
		}
		if slice.End < eventtime.Max-1 && same(slice.End) || slice.Start > eventtime.Min+1 && same(slice.Start-1) {
			t.Fatalf("%+v: the slice %v of %d is smaller than it might be", s, slice, at)
		}
		// The slices of a window.
		if w := s.Last(at); w.Start > eventtime.Min && w.End < eventtime.Max {
			n := int64(0)
			for from := w.Start; from < w.End; from = s.Slice(from).End {
				if got := s.Slice(from); got.Start != from || got.End > w.End {
					t.Fatalf("%+v: the slice %v does not fit into %v", s, got, w)
				}
				n++
			}
			if n != s.Slices() {
				t.Fatalf("%+v: %v has %d slices, said to be %d", s, w, n, s.Slices())
			}
		}
	}
}

// The examples of Flink's documentation.
func TestStarts(t *testing.T) {
	hour := int64(time.Hour / time.Millisecond)
	at := func(s string) eventtime.Time {
		p, err := time.Parse(time.RFC3339, s)
		if err != nil {
			t.Fatal(err)
		}
		return eventtime.At(p)
	}
	for _, c := range []struct {
		shape            Shape
		at, start, until string
	}{
		{Tumbling(time.Hour).Shape(), "2026-11-28T01:14:59Z", "2026-11-28T01:00:00Z", "2026-11-28T02:00:00Z"},
		{Tumbling(time.Hour).Offset(15 * time.Minute).Shape(), "2026-11-28T01:14:59Z", "2026-11-28T00:15:00Z", "2026-11-28T01:15:00Z"},
		{Tumbling(24 * time.Hour).Offset(-8 * time.Hour).Shape(), "2026-11-28T15:59:59Z", "2026-11-27T16:00:00Z", "2026-11-28T16:00:00Z"},
		{Tumbling(24 * time.Hour).Shape(), "1969-12-31T23:59:59Z", "1969-12-31T00:00:00Z", "1970-01-01T00:00:00Z"},
		{Session(30 * time.Minute).Shape(), "2026-11-28T01:14:59Z", "2026-11-28T01:14:59Z", "2026-11-28T01:44:59Z"},
	} {
		if got, want := c.shape.Last(at(c.at)), (Bounds{at(c.start), at(c.until)}); got != want {
			t.Errorf("%s is in %v, want %v", c.at, got, want)
		}
	}
	if s := (Shape{Kind: KindSession, Gap: hour}); s.Last(eventtime.Max-2) != (Bounds{eventtime.Max - 2, eventtime.Max}) {
		t.Errorf("a session at the end of time is %v", s.Last(eventtime.Max-2))
	}
	if g := Global().Shape(); g.Last(5) != Everything || Everything.MaxTimestamp() != eventtime.Max {
		t.Errorf("the global window is %v", g.Last(5))
	}
}
