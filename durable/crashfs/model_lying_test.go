package crashfs_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/weirstream/weir/durable/crashfs"
)

// TestLying: a disk that always lies keeps nothing, one that never does everything, and
// one with a seed lies at the same places every time.
func TestLying(t *testing.T) {
	run := func(p float64, seed uint64) (trees, trace []string) {
		f := crashfs.New(crashfs.Lying(crashfs.Ext4, p, seed))
		for i := range 20 {
			a := create(t, f, fmt.Sprintf("/%02d", i))
			write(t, a, "AB")
			must(a.Sync())
		}
		must(f.SyncDir("/"))
		for s := range f.Point().States(crashfs.Options{Limit: 1, Samples: 1}) {
			trees = append(trees, treeOf(t, s.FS()))
		}
		return trees, f.Trace()
	}
	if trees, _ := run(1, 1); trees[0] != "" {
		t.Errorf("it always lies, and has %q", trees)
	}
	if trees, _ := run(0, 1); strings.Count(trees[0], "=AB") != 20 {
		t.Errorf("it never lies, and has %q", trees)
	}
	count := func(trace []string) int { return strings.Count(strings.Join(trace, "\n"), "which the disk ignores") }
	_, once := run(0.5, 1)
	_, again := run(0.5, 1)
	_, other := run(0.5, 2)
	if !slices.Equal(once, again) || slices.Equal(once, other) || count(once) < 5 || count(once) > 16 {
		t.Errorf("lied %d of 21 times\n%q\n%q", count(once), once, other)
	}
}
