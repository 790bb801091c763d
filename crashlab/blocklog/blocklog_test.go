package blocklog

import (
	"bytes"
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

// randomLog returns a log on a disk of 16 blocks: writes of odd sizes at odd places, some
// flushes, some marks.
func randomLog(rnd *rand.Rand, n int) Log {
	var l Log
	for i := range n {
		e := Event{At: time.Duration(i) * time.Second}
		switch rnd.IntN(6) {
		case 0:
			e.Kind = Flush
		case 1:
			e.Kind, e.Text = Mark, "ACK 1"
		default:
			e.Off = int64(rnd.IntN(15*BlockBytes/512)) * 512
			e.Data = make([]byte, 512*(1+rnd.IntN(20)))
			e.Data = e.Data[:min(int64(len(e.Data)), 16*BlockBytes-e.Off)]
			fill(rnd, e.Data)
		}
		l = append(l, e)
	}
	return l
}

func fill(rnd *rand.Rand, p []byte) {
	for i := range p {
		p[i] = byte(rnd.IntN(256))
	}
}

func contents(m *Image) []byte {
	p := make([]byte, 16*BlockBytes)
	m.ReadAt(p, 0)
	return p
}

// An image in layers has the content of a plain array, in any order of the cuts.
func TestPrefixesAgreeWithAnArray(t *testing.T) {
	const seed = 1
	rnd := rand.New(rand.NewPCG(seed, 0))
	base := NewImage()
	array := make([]byte, 16*BlockBytes)
	fill(rnd, array[:5*BlockBytes+700])
	base.WriteAt(array[:5*BlockBytes+700], 0)
	before := contents(base)
	l := randomLog(rnd, 60)
	player := NewPlayer(base, l)
	for range 200 {
		at := rnd.IntN(len(l) + 1)
		want := slices.Clone(array)
		for _, e := range l[:at] {
			if e.Kind == Write {
				copy(want[e.Off:], e.Data)
			}
		}
		image := player.Image(Cut{Before: at})
		if !bytes.Equal(contents(image), want) {
			t.Fatalf("seed %d: the prefix before event %d is wrong", seed, at)
		}
		image.WriteAt([]byte("what a mount writes"), int64(rnd.IntN(15*BlockBytes))) // must not stay
	}
	if !bytes.Equal(contents(base), before) {
		t.Error("the base has changed")
	}
}

// Writes before the last flush are never lost, writes after the cut are never there, and
// between the two every block is old or new.
func TestReorderingsLoseOnlyWhatNoFlushCovered(t *testing.T) {
	const seed = 2
	rnd := rand.New(rand.NewPCG(seed, 0))
	var lost, torn, overtaken int
	for range 12 {
		l := randomLog(rnd, 40)
		player := NewPlayer(NewImage(), l)
		for _, c := range Plan(l, 45, rnd.Uint64()) {
			got := contents(player.Image(c))
			solid := l.flushedBefore(c.Before)
			if c.Prefix() {
				continue
			}
			// possible[i] are the bytes that may stand at i.
			state := contents(NewPlayer(NewImage(), l).Image(Cut{Before: solid}))
			possible := make([][]byte, len(state))
			for i, b := range state {
				possible[i] = []byte{b}
			}
			for _, e := range l[solid:c.Before] {
				if e.Kind != Write {
					continue
				}
				there := 0
				for i, b := range e.Data {
					possible[e.Off+int64(i)] = append(possible[e.Off+int64(i)], b)
					if got[e.Off+int64(i)] == b {
						there++
					}
				}
				if there < len(e.Data)/10 {
					lost++
				} else if there < len(e.Data)*9/10 {
					torn++
				} else if lost > 0 {
					overtaken++
				}
			}
			for i, b := range got {
				if !slices.Contains(possible[i], b) {
					t.Fatalf("seed %d: %v: byte %d is %d, which was never written", seed, c, i, b)
				}
			}
		}
	}
	if lost == 0 || torn == 0 || overtaken == 0 {
		t.Errorf("seed %d: %d writes lost, %d torn, %d that overtook a lost one: all three must occur", seed, lost, torn, overtaken)
	}
}

// The same cut gives the same image each time.
func TestACutIsReproducible(t *testing.T) {
	l := randomLog(rand.New(rand.NewPCG(3, 0)), 50)
	plan := Plan(l, 60, 7)
	if !slices.Equal(plan, Plan(l, 60, 7)) {
		t.Error("the same seed gives another plan")
	}
	if slices.Equal(plan, Plan(l, 60, 8)) {
		t.Error("another seed gives the same plan")
	}
	forward := NewPlayer(NewImage(), l)
	for _, c := range plan {
		again := NewPlayer(NewImage(), l)
		if !bytes.Equal(contents(forward.Image(c)), contents(again.Image(c))) {
			t.Fatalf("%v: two images", c)
		}
	}
}

func TestPlan(t *testing.T) {
	block := make([]byte, 512)
	l := Log{
		{Kind: Write, Data: block}, {Kind: Mark, Text: "ACK 1"},
		{Kind: Write, Data: block, Off: 8192}, {Kind: Flush}, {Kind: Mark, Text: "ACK 2"},
		{Kind: Write, Data: block}, {Kind: Flush},
		{Kind: Write, Data: make([]byte, 8192)},
	}
	moments := func(cuts []Cut, prefix bool) (at []int) {
		for _, c := range cuts {
			if c.Prefix() == prefix {
				at = append(at, c.Before)
			}
		}
		slices.Sort(at)
		return at
	}
	all := Plan(l, 60, 1)
	if got, want := moments(all, true), []int{0, 2, 5, 7, 8}; !slices.Equal(got, want) || len(all) != 60 {
		t.Errorf("%d cuts, prefixes before %v, want 60 and %v: every write, and the end", len(all), got, want)
	}
	// Two writes before the first flush can be reordered, and one at the end can be torn. The
	// one between can only survive as a whole or not at all.
	if got, want := slices.Compact(moments(all, false)), []int{3, 8}; !slices.Equal(got, want) {
		t.Errorf("reorderings before %v, want %v", got, want)
	}
	if got, want := moments(Plan(l, 3, 1), true), []int{0, 8}; !slices.Equal(got, want) {
		t.Errorf("of few: prefixes before %v, want %v", got, want)
	}
	if n := len(Plan(Log{{Kind: Write, Data: []byte{1}}, {Kind: Flush}}, 30, 1)); n != 2 {
		t.Errorf("%d cuts of a log in which nothing can be reordered, want the 2 prefixes", n)
	}
}

// Of two writes that no flush separates, the second may survive without the first.
func TestTheSecondWithoutTheFirst(t *testing.T) {
	l := Log{{Kind: Write, Data: []byte{1}}, {Kind: Write, Data: []byte{2}, Off: BlockBytes}, {Kind: Flush}}
	player := NewPlayer(NewImage(), l)
	seen := map[[2]byte]bool{}
	for _, c := range Plan(l, 100, 1) {
		got := contents(player.Image(c))
		seen[[2]byte{got[0], got[BlockBytes]}] = true
	}
	if len(seen) != 4 || !seen[[2]byte{0, 2}] {
		t.Errorf("seen %v, want all four", seen)
	}
}

func TestLast(t *testing.T) {
	l := Log{
		{Kind: Mark, Text: "ACK 1", At: 1}, {Kind: Write, At: 2}, {Kind: Mark, Text: "ACK 12", At: 3},
		{Kind: Mark, Text: "BEGIN 13", At: 4}, {Kind: Mark, Text: "ACKNOWLEDGED 5", At: 5},
	}
	for _, c := range []struct {
		before int
		rest   string
		at     time.Duration
	}{{0, "", 0}, {1, "1", 1}, {2, "1", 1}, {3, "12", 3}, {5, "12", 3}} {
		if rest, at, _ := l.Last(c.before, "ACK"); rest != c.rest || at != c.at {
			t.Errorf("before %d: %q at %v, want %q at %v", c.before, rest, at, c.rest, c.at)
		}
	}
}
