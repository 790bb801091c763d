package store

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/weirstream/weir/checkpoint"
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
				t.Errorf("it was not missed: %v", r)
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
			t.Errorf("all three were not missed: %v", r)
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

// TestCyclesSyncsAreCounted is the table of mutations in durability.md, section 5.2, by the
// store's own code: as many states, and as many bad ones. There a torn checkpoint may be
// passed over for an older one that is whole; by this package's contract recovery must not
// meet one, so that its own oracle finds more, and says of what kind they are.
func TestCyclesSyncsAreCounted(t *testing.T) {
	type counts struct{ bad, all uint64 }
	for _, c := range []struct {
		what string
		rule faultfs.Rule
		want [2]counts // with 1 and 2 state files
		red  string    // what the oracle finds
	}{
		{"nothing", faultfs.Rule{}, [2]counts{{0, 201}, {0, 633}}, ""},
		{"a state file", faultfs.Rule{Ops: faultfs.Sync, Name: "state-*", K: 1},
			[2]counts{{428, 877}, {1708, 3037}}, "O7"},
		{"_metadata", faultfs.Rule{Ops: faultfs.Sync, Name: "_metadata", K: 1},
			[2]counts{{428, 649}, {1708, 2353}}, "O7"},
		{"the staging directory", faultfs.Rule{Ops: faultfs.SyncDir, Name: ".inprogress-*", K: 1},
			[2]counts{{321, 535}, {2989, 3655}}, "O7"},
		{"the job directory", faultfs.Rule{Ops: faultfs.SyncDir, Name: testJob.String(), K: 1},
			[2]counts{{214, 521}, {854, 1913}}, "O1 O7"},
	} {
		for i, want := range c.want {
			t.Run(fmt.Sprintf("%s/N=%d", c.what, i+1), func(t *testing.T) {
				w, s := newWorld(t, i+1, 1, 1)
				c.rule.Do = faultfs.Drop
				faulty := faultfs.New(w.disk, c.rule)
				s.fsys = faulty
				red, own := map[string]bool{}, uint64(0)
				r, err := crashfs.Sweep(w.disk, crashfs.Options{}, func() error { return w.cycle(s) },
					func(state *crashfs.State) error {
						for _, o := range oraclesIn(w.oracle(state)) {
							red[o[:2]], own = true, own+1
						}
						return w.lostByName(state)
					})
				check(t, err)
				if r.States != want.all || r.Bad != want.bad || faulty.Fired(0) != min(1, c.rule.K) {
					t.Errorf("%v, want %d bad of %d", r, want.bad, want.all)
				}
				if got := strings.Join(slices.Sorted(maps.Keys(red)), " "); got != c.red {
					t.Errorf("the oracle finds %s, want %s", got, c.red)
				}
				t.Logf("%d of %d states are bad; of %d distinct ones the oracle refuses %d: %s", r.Bad, r.States, r.Distinct, own, c.red)
			})
		}
	}
}

// lostByName is the oracle of durability.md: the newest checkpoint that is whole must be as
// new as the last that was complete.
func (w *world) lostByName(state *crashfs.State) error {
	disk := state.FS()
	entries, err := disk.ReadDir(string(jobDir))
	if err != nil {
		return err
	}
	newest := checkpoint.ID(0)
	for _, e := range entries {
		name := checkpoint.ParseName(e.Name)
		if name.Kind != checkpoint.Complete {
			continue
		}
		c, err := ReadCheckpoint(disk, jobDir.Path(name), ReadOptions{})
		if err == nil && isWhole(c, w.states) == nil {
			newest = max(newest, name.ID)
		}
	}
	if complete := toldTo(state).complete; newest < complete {
		return fmt.Errorf("checkpoint %v was complete, the newest that is whole is %v", complete, newest)
	}
	return nil
}
