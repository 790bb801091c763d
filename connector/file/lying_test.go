package file

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/weirstream/weir"
	"github.com/weirstream/weir/durable/crashfs"
)

// On a disk that says it has synced and has not, output can be lost; it is not shown torn.
// Whatever a power cut leaves, before the commit or after it, the next start shows what was
// written, whole, or says for good that it is damaged. A file that is gone without a trace
// cannot be told from one that a consumer has taken: a warning says how many they are.
func TestLyingDisk(t *testing.T) {
	log := logged(t)
	files := [][]string{{"one", "two"}, {"four", "three"}}
	shown, damaged, missing := 0, 0, 0
	for seed := range uint64(20) {
		for _, committed := range []bool{false, true} {
			disk := crashfs.New(crashfs.Lying(crashfs.Torn(crashfs.Strict, 8), 0.5, seed))
			must(t, disk.Mkdir("/data"))
			must(t, disk.Mkdir(outDir))
			disk.Settle()
			sink := LinesSinkOn(disk, outDir)
			w := openWriter(t, sink, first)
			must(t, w.Write(t.Context(), []string{"one", "two"}))
			elements := [][]byte{prepare(t, w, 1)}
			must(t, w.Write(t.Context(), []string{"three", "four"}))
			elements = append(elements, prepare(t, w, 2))
			if committed {
				must(t, sink.Commit(t.Context(), elements))
			}
			for state := range disk.Point().States(crashfs.Options{Limit: 256, Samples: 128, Seed: seed}) {
				left := state.FS()
				err := LinesSinkOn(left, outDir).Commit(t.Context(), elements)
				records, _, verr := visible(left, outDir)
				lines := log()
				var want []string
				gone := 0
				for _, f := range files {
					if slices.Contains(records, f[0]) {
						want = append(want, f...)
					} else {
						gone++
					}
				}
				slices.Sort(want)
				warned := gone == 0 && len(lines) == 0 || len(lines) == 1 && strings.Contains(lines[0], fmt.Sprintf("files=%d ", gone))
				switch {
				case err == nil && verr == nil && slices.Equal(records, want) && warned:
					if shown++; gone > 0 {
						missing++
					}
				case err == nil:
					t.Fatalf("seed %d: shown: %q, %v, logged %q\n%s", seed, records, verr, lines, state)
				case !weir.IsPermanent(err):
					t.Fatalf("seed %d: %v\n%s", seed, err, state)
				case !committed && records != nil:
					t.Fatalf("seed %d: refused, and shown: %q\n%s", seed, records, state)
				default: // some bytes of it are missing
					damaged++
				}
			}
		}
	}
	if shown == 0 || damaged == 0 || missing == 0 {
		t.Errorf("too little was seen")
	}
	t.Logf("shown %d times, %d of them not all; damaged %d", shown, missing, damaged)
}
