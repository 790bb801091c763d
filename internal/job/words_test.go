package job

import (
	"errors"
	"strings"
	"testing"

	"github.com/weirstream/weir/checkpoint/store"
)

// The next start goes on from a checkpoint of the job's own directory. One that was given by
// its path may lie elsewhere.
func TestGoesOnFrom(t *testing.T) {
	for _, test := range []struct {
		from store.From
		view View
		want int
	}{
		{store.From{}, View{}, 0},
		{store.From{}, View{LastComplete: 7}, 7},
		{store.From{Path: "/backup/chk-7"}, View{LastComplete: 7}, 0},
		{store.From{Path: "/backup/chk-7"}, View{LastComplete: 8, Completed: 1}, 8},
	} {
		cfg := Config{From: test.from, Monitor: &Monitor{}}
		cfg.Monitor.update(func(v *View) { *v = test.view })
		if got := cfg.goesOnFrom(); int(got) != test.want {
			t.Errorf("from %q, after %d of %d: %d, want %d", test.from.Path, test.view.LastComplete, test.view.Completed, got, test.want)
		}
	}
}

// A sink whose output cannot become visible comes after others, which have committed by
// then: only of the checkpoint is it said that nothing has changed.
func TestWayOutSpeaksOfTheCheckpoint(t *testing.T) {
	a := &attempt{start: &start{from: 3, dir: "/jobs/chk-3"}}
	text := a.wayOut(errors.New("damaged")).Error()
	if strings.Contains(text, "nothing was changed") || !strings.Contains(text, "checkpoint 3 in /jobs/chk-3, is itself intact, and was not changed") {
		t.Error(text)
	}
}
