package file

import (
	"slices"
	"strings"
	"testing"

	"github.com/weirstream/weir"
	"github.com/weirstream/weir/durable/crashfs"
)

// On a disk that says it has synced and has not, output can be lost; it is not shown torn.
// Whatever a power cut leaves, before the commit or after it, the next start shows what was
// written or says, for good, that it is damaged or missing.
func TestLyingDisk(t *testing.T) {
	want := []string{"four", "one", "three", "two"}
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
				switch {
				case err == nil && verr == nil && slices.Equal(records, want):
					shown++
				case err == nil:
					t.Fatalf("seed %d: shown: %q, %v\n%s", seed, records, verr, state)
				case !weir.IsPermanent(err):
					t.Fatalf("seed %d: %v\n%s", seed, err, state)
				case !committed && records != nil:
					t.Fatalf("seed %d: refused, and shown: %q\n%s", seed, records, state)
				case strings.Contains(err.Error(), "CRC32C"):
					damaged++
				default:
					missing++ // all of it, or some bytes
				}
			}
		}
	}
	if shown == 0 || damaged == 0 || missing == 0 {
		t.Errorf("too little was seen")
	}
	t.Logf("shown %d times, damaged %d, missing %d", shown, damaged, missing)
}
