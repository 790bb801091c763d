package checkpoint

import (
	"slices"
	"testing"

	"pgregory.net/rapid"
)

func TestRetain(t *testing.T) {
	for _, c := range []struct {
		what       string
		have       []Known
		n          int
		keep, drop []ID
		next       ID // 0 for none
	}{
		{"none", nil, 2, nil, nil, 0},
		{"one", []Known{{1, Intact}}, 1, []ID{1}, nil, 0},
		{"one of two", []Known{{1, Unknown}, {2, Intact}}, 1, []ID{2}, []ID{1}, 0},
		{"out of order", []Known{{2, Intact}, {1, Intact}, {3, Intact}}, 1, []ID{3}, []ID{1, 2}, 0},
		{"two of three", []Known{{1, Intact}, {2, Intact}, {3, Intact}}, 2, []ID{2, 3}, []ID{1}, 0},
		{"gaps", []Known{{4, Intact}, {90, Intact}, {1000, Intact}}, 2, []ID{90, 1000}, []ID{4}, 0},
		{"nothing is known", []Known{{1, Unknown}, {2, Unknown}}, 1, []ID{1, 2}, nil, 2},
		{"the second is not known", []Known{{1, Unknown}, {2, Unknown}, {3, Intact}}, 2, []ID{1, 2, 3}, nil, 2},
		{"the second is broken", []Known{{1, Intact}, {2, Broken}, {3, Intact}}, 2, []ID{1, 2, 3}, nil, 0},
		{"the second is broken, the third unknown", []Known{{1, Unknown}, {2, Broken}, {3, Intact}}, 2, []ID{1, 2, 3}, nil, 0},
		{"a broken one below", []Known{{1, Broken}, {2, Intact}, {3, Intact}}, 2, []ID{2, 3}, []ID{1}, 0},
		{"the newest is broken", []Known{{1, Intact}, {2, Intact}, {3, Broken}}, 1, []ID{2, 3}, []ID{1}, 0},
		{"all broken", []Known{{1, Broken}, {2, Broken}}, 1, []ID{1, 2}, nil, 0},
		{"as many as retained, unknown", []Known{{1, Unknown}, {2, Intact}}, 2, []ID{1, 2}, nil, 0},
		{"none to be kept", []Known{{1, Intact}, {2, Intact}}, 0, []ID{2}, []ID{1}, 0},
		{"fewer than none", []Known{{1, Intact}}, -5, []ID{1}, nil, 0},
	} {
		keep, drop := Retain(c.have, c.n)
		if !slices.Equal(keep, c.keep) || !slices.Equal(drop, c.drop) {
			t.Errorf("%s: keep %v, drop %v; want %v, %v", c.what, keep, drop, c.keep, c.drop)
		}
		if next, _ := VerifyNext(c.have, c.n); next != c.next {
			t.Errorf("%s: look at %v next, want %v", c.what, next, c.next)
		}
	}
}

func drawKnown(t *rapid.T) []Known {
	ids := rapid.SliceOfNDistinct(rapid.Int64Range(1, 50), 0, 10, rapid.ID).Draw(t, "ids")
	var have []Known
	for _, id := range ids {
		have = append(have, Known{ID(id), Health(rapid.IntRange(0, 2).Draw(t, "health"))})
	}
	return have
}

func intactIn(have []Known, ids []ID) (n int) {
	for _, k := range have {
		if k.Health == Intact && slices.Contains(ids, k.ID) {
			n++
		}
	}
	return n
}

func TestRetainProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		have := drawKnown(t)
		n := rapid.IntRange(1, 4).Draw(t, "n")
		keep, drop := Retain(have, n)
		if !slices.IsSorted(keep) || !slices.IsSorted(drop) || len(keep)+len(drop) != len(have) {
			t.Fatalf("keep %v, drop %v of %v", keep, drop, have)
		}
		if len(have) > 0 && len(keep) == 0 {
			t.Fatal("nothing is kept")
		}
		if len(drop) > 0 {
			if slices.Max(drop) >= slices.Min(keep) {
				t.Fatalf("%v goes and the older %v stays", drop, keep)
			}
			if intactIn(have, keep) < n {
				t.Fatalf("%v goes, and of what is kept %d are intact, want %d", drop, intactIn(have, keep), n)
			}
		}
		// What stays without need: had one more gone, too few intact ones were left.
		if len(keep) > 1 && intactIn(have, keep[1:]) >= n {
			t.Fatalf("%v could go, too", keep[0])
		}
	})
}

// TestVerifyNext: looking at what is named, one after the other, ends, and then as much
// goes as if everything had been looked at.
func TestVerifyNext(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		truth := drawKnown(t)
		n := rapid.IntRange(1, 4).Draw(t, "n")
		have := slices.Clone(truth)
		for i := range have {
			if truth[i].Health == Unknown {
				truth[i].Health = Broken
			}
			if rapid.Bool().Draw(t, "looked at") {
				have[i].Health = truth[i].Health
			} else {
				have[i].Health = Unknown
			}
		}
		for range len(have) + 1 {
			id, ok := VerifyNext(have, n)
			if !ok {
				break
			}
			i := slices.IndexFunc(have, func(k Known) bool { return k.ID == id })
			if have[i].Health != Unknown {
				t.Fatalf("%v is to be looked at again", id)
			}
			have[i].Health = truth[i].Health
		}
		if _, ok := VerifyNext(have, n); ok {
			t.Fatal("there is no end")
		}
		_, drop := Retain(have, n)
		_, most := Retain(truth, n)
		if !slices.Equal(drop, most) {
			t.Fatalf("%v go, could be %v", drop, most)
		}
	})
}
