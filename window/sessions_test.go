package window

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/weirstream/weir/eventtime"
)

// Sessions are, at each step, what joining everything that touches makes of all windows so
// far. The state of a session is that of one of its parts, and no two have the same.
func TestSessionsAreWhatTouches(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, 3))
	for range 500 {
		var set Sessions
		var all []Bounds
		for range 30 {
			start := eventtime.Time(rng.Int64N(300))
			w := Bounds{start, start + 1 + eventtime.Time(rng.Int64N(8))}
			all = append(all, w)
			before := slices.Clone(set)
			if touches := slices.ContainsFunc(before, func(s Span) bool { return s.Window.touches(w) }); set.Touches(w) != touches {
				t.Fatalf("Touches(%v) in %v is %t", w, before, !touches)
			}
			inside := slices.IndexFunc(before, func(s Span) bool { return s.Window.Start <= w.Start && w.End <= s.Window.End })
			if got := set.Find(w); got != inside {
				t.Fatalf("%v is in session %d of %v, want %d", w, got, before, inside)
			}
			var at int
			var joined Sessions
			set, at, joined = set.Join(w, nil)
			if got, want := windowsOf(set), bruteJoin(all); !slices.Equal(got, want) {
				t.Fatalf("%v and %v make %v, want %v", before, w, got, want)
			}
			if r := set[at].Window; r.Start > w.Start || r.End < w.End || set.Index(r) != at {
				t.Fatalf("%v has become part of %v", w, r)
			}
			var parts Sessions // the sessions that are gone
			for _, s := range before {
				if !slices.ContainsFunc(set, func(now Span) bool { return now.Window == s.Window }) {
					parts = append(parts, s)
				}
			}
			if !slices.Equal(parts, joined) {
				t.Fatalf("%v and %v: joined %v, want %v", before, w, joined, parts)
			}
			if len(joined) > 0 && set[at].State != joined[0].State {
				t.Fatalf("%v has the state of none of %v", set[at], joined)
			}
			states := make(map[Bounds]bool)
			for _, s := range set {
				states[s.State] = true
			}
			if len(states) != len(set) {
				t.Fatalf("two of %v have one state", set)
			}
		}
	}
}

func windowsOf(set Sessions) (w []Bounds) {
	for _, s := range set {
		w = append(w, s.Window)
	}
	return w
}

// bruteJoin joins windows that touch until none do.
func bruteJoin(all []Bounds) []Bounds {
	all = slices.Clone(all)
	for again := true; again; {
		again = false
		for i := range all {
			for j := i + 1; j < len(all); j++ {
				if all[i].Start <= all[j].End && all[j].Start <= all[i].End {
					all[i] = Bounds{min(all[i].Start, all[j].Start), max(all[i].End, all[j].End)}
					all = slices.Delete(all, j, j+1)
					again = true
					break
				}
			}
		}
	}
	slices.SortFunc(all, func(a, b Bounds) int { return int(a.Start - b.Start) })
	return all
}
