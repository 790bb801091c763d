package store

import (
	"fmt"
	"strings"
	"testing"

	"github.com/weirstream/weir/durable/crashfs"
	"github.com/weirstream/weir/durable/faultfs"
)

// TestEverySyncIsNeeded forgets one sync of the store's at a time, and sees the
// contract broken each time: what cannot fail proves nothing.
func TestEverySyncIsNeeded(t *testing.T) {
	// Another sync stands in for these, and that is why it may be forgotten.
	dir := "sync-dir " + string(jobDir)
	spared := map[string]string{
		"1st sync-dir /": "the base directory was there and durable before",
		"1st " + dir:     "the directory is synced again once the lock file is in it",
		"2nd " + dir:     "Recover syncs the lock file's name again before anything is begun",
		"3rd " + dir:     "Open has just synced the directory",
	}
	syncs := syncsOf(t)
	for i, sync := range syncs {
		t.Run(sync, func(t *testing.T) {
			r, dropped := sweepWithout(t, i+1)
			why := spared[sync]
			switch {
			case dropped != 1:
				t.Errorf("there is no sync number %d", i+1)
			case why == "" && r.Bad == 0:
				t.Errorf("nobody missed it: %v", r)
			case why != "" && r.Bad > 0:
				t.Errorf("it was missed, although %s: %v", why, r.Err())
			}
		})
		delete(spared, sync)
	}
	// Two checkpoints of a state file, their metadata, their directory and their name;
	// the lock file; the names of the job's directory and of what is in it.
	if needed := len(syncs) - 4; needed != 2*4+1+1 || len(spared) > 0 {
		t.Errorf("%d syncs, of which another stands in for 4 (not found: %v):\n%s", len(syncs), spared, strings.Join(syncs, "\n"))
	}
	t.Run("those that stand in for each other", func(t *testing.T) {
		var three []int
		for i, sync := range syncs {
			if strings.HasSuffix(sync, dir) && len(three) < 3 {
				three = append(three, i+1)
			}
		}
		if r, _ := sweepWithout(t, three...); r.Bad == 0 {
			t.Errorf("nobody missed all three: %v", r)
		}
	})
}

// syncsOf lists the syncs of a first start and two checkpoints, in order, each with
// how many times it has been made by then.
func syncsOf(t *testing.T) (syncs []string) {
	w := &world{disk: newDisk(t), states: 1, opts: func() Options { return testOptions(1) }}
	w.fs = w.disk
	check(t, w.fromTheBeginning())
	seen := map[string]int{}
	for _, line := range w.disk.Trace() {
		if strings.HasPrefix(line, "sync") {
			seen[line]++
			syncs = append(syncs, []string{"0th ", "1st ", "2nd ", "3rd ", "4th ", "5th "}[seen[line]]+line)
		}
	}
	return syncs
}

// sweepWithout runs a first start and two checkpoints without some of the syncs, by
// their numbers, and says how many of them there were.
func sweepWithout(t *testing.T, numbers ...int) (r *crashfs.Report, dropped int) {
	w := &world{disk: newDisk(t), states: 1, opts: func() Options { return testOptions(1) }}
	var rules []faultfs.Rule
	for _, k := range numbers {
		rules = append(rules, faultfs.Rule{Ops: faultfs.Sync | faultfs.SyncDir, K: k, Do: faultfs.Drop})
	}
	faulty := faultfs.New(w.disk, rules...)
	w.fs = faulty
	r = w.sweep(t, w.fromTheBeginning)
	for i := range rules {
		dropped += faulty.Fired(i)
	}
	return r, dropped
}

// TestCyclesSyncsAreCounted holds the states after each forgotten sync of a cycle
// against durability.md, section 5.2. (How many of them are bad is not compared: there
// a torn checkpoint may be passed over, here recovery must not meet one.)
func TestCyclesSyncsAreCounted(t *testing.T) {
	for _, c := range []struct {
		what string
		rule faultfs.Rule
		want [2]uint64 // with 1 and 2 state files
	}{
		{"a state file", faultfs.Rule{Ops: faultfs.Sync, Name: "state-*", K: 1}, [2]uint64{877, 3037}},
		{"_metadata", faultfs.Rule{Ops: faultfs.Sync, Name: "_metadata", K: 1}, [2]uint64{649, 2353}},
		{"the staging directory", faultfs.Rule{Ops: faultfs.SyncDir, Name: ".inprogress-*", K: 1}, [2]uint64{535, 3655}},
		{"the job directory", faultfs.Rule{Ops: faultfs.SyncDir, Name: testJob.String(), K: 1}, [2]uint64{521, 1913}},
	} {
		for i, want := range c.want {
			t.Run(fmt.Sprintf("%s/N=%d", c.what, i+1), func(t *testing.T) {
				w, s := newWorld(t, i+1, 1, 1)
				c.rule.Do = faultfs.Drop
				faulty := faultfs.New(w.disk, c.rule)
				s.fsys = faulty
				r := w.sweep(t, func() error { return w.cycle(s) })
				if r.States != want || r.Bad == 0 || faulty.Fired(0) != 1 {
					t.Errorf("%v, want %d states and some bad", r, want)
				}
			})
		}
	}
}
