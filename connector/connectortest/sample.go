package connectortest

import (
	"math/rand/v2"
	"testing"
	"time"
)

// A sample says which cases of a sweep are tried: all of them, or with -short a few. Which
// ones is drawn from a seed.
type sample struct {
	drawn *rand.Rand
	short bool
}

func newSample(logf func(string, ...any)) *sample {
	seed := uint64(time.Now().UnixNano())
	s := &sample{drawn: rand.New(rand.NewPCG(seed, 0)), short: testing.Testing() && testing.Short()}
	if s.short {
		logf("of each sweep a sample is tried, drawn with seed %d; without -short it is all", seed)
	}
	return s
}

// tries reports whether the next case is tried: with -short one of about n is.
func (s *sample) tries(n int) bool { return !s.short || s.drawn.IntN(n) == 0 }

// atMost returns the cases if there are at most so many, and so many of them if not; with
// -short a tenth of that.
func atMost[C any](s *sample, cases []C, most int) []C {
	if s.short {
		most = most/10 + 1
	}
	if len(cases) <= most {
		return cases
	}
	s.drawn.Shuffle(len(cases), func(i, j int) { cases[i], cases[j] = cases[j], cases[i] })
	return cases[:most]
}
