package store

import (
	"flag"
	"math/rand/v2"
	"testing"
)

// Tests that try every combination take seconds. With -short they try a sample, which is
// drawn anew each time; the seed is printed, and with it the same sample is tried again.
var sampleSeed = flag.Uint64("sample", 0, "with -short: what the cases that are tried are drawn from; 0 draws that, too")

// sample returns what decides whether the next case is tried: all are, or with -short one
// in so many.
func sample(t testing.TB, oneIn uint64) (try func() bool) {
	t.Helper()
	if !testing.Short() {
		return func() bool { return true }
	}
	seed := *sampleSeed
	if seed == 0 {
		seed = rand.Uint64() | 1
	}
	t.Logf("one case in %d; the same again with -short -args -sample %d", oneIn, seed)
	r := rand.New(rand.NewPCG(seed, oneIn))
	return func() bool { return r.Uint64N(oneIn) == 0 }
}
