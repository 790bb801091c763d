package flinktest

import (
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"testing"
)

// parallelisms are the parallelisms at which checkpoints are written and restored.
var parallelisms = []int{1, 2, 3}

// TestFlinkReadsWhatWeirWrote writes random checkpoints and makes Flink read them. Its seed
// is in the log; README.md says how to repeat it.
func TestFlinkReadsWhatWeirWrote(t *testing.T) {
	for _, release := range Releases {
		t.Run(string(release), func(t *testing.T) {
			f := Start(t, release)
			t.Run("worked example", func(t *testing.T) { f.Expect(t, workedExample(t), workedPlan, workedEntries, 1, 2) })
			t.Run("controls", func(t *testing.T) { testControls(t, f) })
			seed := randomSeed(t)
			for _, maxParallelism := range []int{128, 129} { // one byte for the key group, and two
				for _, parallelism := range parallelisms {
					for _, canonical := range []bool{false, true} {
						name := fmt.Sprintf("%d of %d, canonical %t", parallelism, maxParallelism, canonical)
						t.Run(name, func(t *testing.T) {
							r := rand.New(rand.NewPCG(seed, uint64(maxParallelism<<8|parallelism)))
							w := randomCheckpoint(r, parallelism, maxParallelism, canonical)
							t.Logf("%s=%d: %d entries", seedVariable, seed, len(w.lines()))
							f.Expect(t, w.write(t), w.plan(), w.lines(), parallelisms...)
						})
					}
				}
			}
		})
	}
}

// seedVariable is the environment variable that repeats a run.
const seedVariable = "WEIR_FLINK_SEED"

// randomSeed returns the seed in seedVariable, or a new one.
func randomSeed(t *testing.T) uint64 {
	t.Helper()
	asked := os.Getenv(seedVariable)
	if asked == "" {
		return rand.Uint64()
	}
	seed, err := strconv.ParseUint(asked, 10, 64)
	if err != nil {
		t.Fatalf("%s: %v", seedVariable, err)
	}
	return seed
}
