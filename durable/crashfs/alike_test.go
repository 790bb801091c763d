package crashfs_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/weirstream/weir/durable/crashfs"
)

// TestAlike: states that differ only in which of some interchangeable files is lost or
// damaged are one, and it stays so after a recovery; others are still told apart.
func TestAlike(t *testing.T) {
	distinct := func(kin func(string) string) (states uint64, once, twice int) {
		f := crashfs.New(crashfs.Strict)
		if kin != nil {
			f.Alike(kin)
		}
		second := map[crashfs.Fingerprint]bool{}
		r, err := crashfs.Sweep(f, crashfs.Options{}, func() error {
			for i := range 4 {
				write(t, create(t, f, fmt.Sprintf("/f-%d", i)), fmt.Sprintf("file %d", i))
			}
			write(t, create(t, f, "/other"), "another")
			return nil
		}, func(s *crashfs.State) error {
			again := s.FS()
			must(again.Mkdir("/after"))
			for s := range again.Point().States(crashfs.Options{}) {
				second[s.Fingerprint()] = true
			}
			return nil
		})
		must(err)
		return r.States, r.Distinct, len(second)
	}
	all, each, eachTwice := distinct(nil)
	same, alike, alikeTwice := distinct(func(name string) string {
		if strings.HasPrefix(name, "/f-") {
			return "f"
		}
		return ""
	})
	// A file is absent or has one of 5 contents: of n that are alike there are (n+5 over 5).
	if all != same || each != 6*6*6*6*6 || alike != 126*6 {
		t.Errorf("%d states, %d distinct; with files alike %d states, %d distinct", all, each, same, alike)
	}
	if eachTwice != 2*each || alikeTwice != 2*alike {
		t.Errorf("%d and %d after a recovery", eachTwice, alikeTwice)
	}
}
