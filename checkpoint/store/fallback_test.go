package store

import (
	"slices"
	"strings"
	"testing"

	"github.com/weirstream/weir/checkpoint"
)

func TestFallback(t *testing.T) {
	fsys := withCheckpoints(t, 4)
	damage(t, fsys, 4)
	damage(t, fsys, 3)
	opts, log := logged(testOptions(2))
	s, c, err := start(fsys, opts, From{AllowFallback: true})
	check(t, err)
	if c.ID != 2 || s.Newest() != 2 || !slices.Equal(c.WentBack, []checkpoint.ID{3, 4}) {
		t.Fatalf("went back to %v, from %v", c.ID, c.WentBack)
	}
	check(t, isWhole(c, 1))
	wantNames(t, fsys, ".damaged-3", ".damaged-4", ".lock", "chk-1", "chk-2")
	for _, text := range []string{"going back to an older checkpoint, as was allowed", "repeats", "set aside"} {
		if !strings.Contains(log.String(), text) {
			t.Errorf("the log does not say %q:\n%s", text, log)
		}
	}
	check(t, s.Close())

	// The next start goes on from there without being allowed anything, and says so. The
	// ids of what was set aside stay taken, and nothing of it is ever deleted.
	opts, log = logged(testOptions(2))
	s, c, err = start(fsys, opts, From{})
	check(t, err)
	if c.ID != 2 || len(c.WentBack) != 2 || !strings.Contains(log.String(), "not the newest there was") {
		t.Errorf("recovered %v, having gone back from %v:\n%s", c.ID, c.WentBack, log)
	}
	for want := checkpoint.ID(5); want <= 7; want++ {
		if id := mustPublish(t, s, 1); id != want {
			t.Errorf("id %v, want %v", id, want)
		}
		_, err := s.Subsume()
		check(t, err)
	}
	wantNames(t, fsys, ".damaged-3", ".damaged-4", ".lock", "chk-6", "chk-7")
	check(t, s.Close())
	opts, log = logged(testOptions(2))
	_, c, err = start(fsys, opts, From{})
	check(t, err)
	if len(c.WentBack) != 0 || !strings.Contains(log.String(), "kept for inspection") {
		t.Errorf("recovered %v, having gone back from %v:\n%s", c.ID, c.WentBack, log)
	}
}
