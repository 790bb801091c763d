package weir

import (
	"math/rand/v2"
	"slices"
	"testing"
)

// timesOf is a map by time.
type timesOf map[int64]bool

func (m timesOf) Len() int { return len(m) }

func (m timesOf) AppendKeys(dst []int64) []int64 {
	for k := range m {
		dst = append(dst, k)
	}
	return dst
}

// An index has the times of its map, in order, whatever was added and removed and however
// many there are; and none of a map that has become small.
func TestTimeIndex(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, seed))
	var x timeIndex[string]
	m := timesOf{}
	for step := range 20_000 {
		most := []int{10, 40, 300}[step/500%3]
		at := rng.Int64N(int64(2 * most))
		switch {
		case !m[at] && len(m) < most:
			m[at] = true
			x.add("k", Time(at))
		default:
			if !m[at] { // the earliest goes most often
				at = slices.Min(m.AppendKeys(nil))
			}
			delete(m, at)
			x.remove("k", Time(at), len(m))
		}
		if len(m) < fewTimes/2 && len(x.large) > 0 {
			t.Fatalf("step %d: an index of a map of %d", step, len(m))
		}
		from, to := Time(rng.Int64N(int64(2*most))), Time(rng.Int64N(int64(2*most)))
		var want []Time
		for k := range m {
			if Time(k) >= from && Time(k) <= to {
				want = append(want, Time(k))
			}
		}
		slices.Sort(want)
		if got := x.between(m, "k", from, to); !slices.Equal(got, want) {
			t.Fatalf("step %d: from %d to %d: got %v, want %v", step, from, to, got, want)
		}
	}
}
