package store

import (
	"testing"

	"github.com/weirstream/weir/durable"
	"github.com/weirstream/weir/durable/crashfs"
	"github.com/weirstream/weir/durable/faultfs"
)

// mustSurvive looks at every state of a plan, and at every state of every recovery as often
// as the plan says.
func mustSurvive(t testing.TB, p plan) (seen tally, w *world) {
	t.Helper()
	w, live, err := p.live(nil)
	check(t, err)
	r := newRecutter(w, p.recuts, crashfs.Options{})
	report, err := r.sweep(live)
	switch {
	case err != nil:
		t.Errorf("%v: %v", p, err)
	case report.Bad > 0:
		t.Errorf("%v: %v", p, report.Err())
	case r.tally.sampled > 0:
		t.Errorf("%v: %d points were sampled only", p, r.tally.sampled)
	}
	return r.tally, w
}

// TestCrashGrid is all there is of up to two state files, two checkpoints, two retained,
// with checkpoints that are aborted in every manner, with forgotten writers that go on,
// and with restarts.
func TestCrashGrid(t *testing.T) {
	t.Parallel()
	var all tally
	try := sample(t, 12)
	for _, steps := range []string{
		"c", "cc", // as it should be
		"ac", "ca", // aborted with all states written
		"tc", "tlc", "tcl", "ctl", // aborted while a state is being written, which goes on
		"fcl", "fRlc", "frlc", // forgotten
		"oc",               // overtaken
		"rc", "crc", "cRc", // started anew
		"mcm", "cmrc", // commits are remembered
	} {
		for states := 1; states <= 2; states++ {
			for retain := 1; retain <= 2; retain++ {
				if steps == "oc" && states == 2 && retain == 2 {
					continue // as many states as all others together; the campaign comes by here
				}
				if !try() {
					continue
				}
				seen, _ := mustSurvive(t, plan{model: "strict", states: states, retain: retain, before: retain, steps: steps})
				all.add(seen)
			}
		}
	}
	t.Logf("%d states, %d judged", all.states, all.distinct)
}

// TestCrashLateWriter lets a forgotten writer make a file in the directory of
// a checkpoint that is being written, before each operation in turn.
func TestCrashLateWriter(t *testing.T) {
	t.Parallel()
	var all tally
	try := sample(t, 12)
	for _, steps := range []string{"c", "ac", "tc"} {
		for at := 1; ; at++ {
			if !try() {
				continue
			}
			p := plan{model: "strict", states: 1, retain: 1, before: 1, steps: steps, late: at}
			seen, w := mustSurvive(t, p)
			all.add(seen)
			if w.fs.(*lateFS).n < at {
				break
			}
		}
	}
	t.Logf("%d states, %d judged", all.states, all.distinct)
}

// TestCrashTwiceInRecovery cuts the power, recovers, cuts the power again in the recovery,
// recovers, and cuts once more.
func TestCrashTwiceInRecovery(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		seen, _ := mustSurvive(t, plan{model: "strict", states: 1, retain: 1, before: 1, steps: "c", recuts: 1})
		t.Logf("%d states, %d judged", seen.states, seen.distinct)
		return
	}
	var all tally
	for retain := 1; retain <= 2; retain++ {
		seen, _ := mustSurvive(t, plan{model: "strict", states: 1, retain: retain, before: retain, steps: "c", recuts: 2})
		all.add(seen)
	}
	seen, _ := mustSurvive(t, plan{model: "strict", states: 2, retain: 1, before: 1, steps: "tc", recuts: 1})
	all.add(seen)
	t.Logf("%d states, %d judged", all.states, all.distinct)
}

// TestCrashOtherDisks: what holds by the strict model holds on every other disk, on those
// that tear writes, and for every content that breaks some reader.
func TestCrashOtherDisks(t *testing.T) {
	t.Parallel()
	try := sample(t, 8)
	for _, model := range []string{"strict", "ext4", "ext4-nodelalloc", "xfs", "btrfs", "writeback", "nojournal"} {
		t.Run(model, func(t *testing.T) {
			for _, p := range []plan{
				{states: 2, steps: "ca"},
				{states: 1, steps: "cc", thorough: true},
				{states: 1, steps: "c", thorough: true, torn: crashfs.Sector},
				{states: 1, steps: "rc", torn: crashfs.Page, recuts: 1},
			} {
				if !try() {
					continue
				}
				p.model, p.retain, p.before = model, 1, 1
				seen, _ := mustSurvive(t, p)
				t.Logf("%v: %d states, %d judged", p, seen.states, seen.distinct)
			}
		})
	}
}

// TestCrashAlike: that state files are interchangeable takes nothing away. With a sync
// forgotten, as many states are bad as without it.
func TestCrashAlike(t *testing.T) {
	var reports [2]*crashfs.Report
	for i := range reports {
		p := plan{model: "strict", states: 3, retain: 1, before: 1, steps: "c"}
		w, live, err := p.live(func(fsys durable.FS) durable.FS {
			return faultfs.New(fsys, faultfs.Rule{Ops: faultfs.Sync, Name: "state-*", K: 1, Do: faultfs.Drop})
		})
		check(t, err)
		if i == 1 {
			w.disk.Alike(nil)
		}
		reports[i], err = crashfs.Sweep(w.disk, crashfs.Options{}, live, w.judge)
		check(t, err)
	}
	alike, apart := reports[0], reports[1]
	if alike.Bad == 0 || alike.Bad != apart.Bad || alike.States != apart.States || alike.Distinct >= apart.Distinct {
		t.Errorf("alike: %v\napart: %v", alike, apart)
	}
	t.Logf("%d distinct states where files are alike, %d where they are not", alike.Distinct, apart.Distinct)
}
