package weirtest

import (
	"flag"
	"fmt"
	"maps"
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// EveryCrash runs a script as [Test] does, once without a crash and then again and again with
// one crash that the script does not know of: after each of its steps, and before each
// operation on the disk, which is in the middle of starts and checkpoints. Each crash at an
// operation comes as kill -9 and as a power cut. After the crash the job is started again from
// what is on the disk, the step that was interrupted is taken again, and the script goes on.
//
// At the end of the script, a job that still runs is stopped. Then each sink must show what it
// showed without a crash, in any order; records are compared as %+v prints them. So a script
// must have one result, whatever the order is in which subtasks process their records. What
// the script itself checks must hold with every crash, too. Ids of checkpoints may differ.
//
// parallelism is that of the processes of a run in turn, instead of the one that the script
// starts them with: 1, 3, 2 starts with one subtask per operator, and goes on with three
// after the crash.
//
// Each crash is a subtest, whose name repeats it: go test -run 'TestMine/crash_after_step_3'.
// With go test -short a sample of them is tried, drawn from a seed that is printed.
func EveryCrash(t *testing.T, script func(t *testing.T, r *Run), parallelism ...int) {
	t.Helper()
	whole := live(t, plan{parallelism: parallelism}, script)
	if t.Failed() {
		t.Fatal("the script fails without a crash")
	}
	plans := crashes(whole.steps, whole.operations, parallelism)
	if testing.Short() && !chosen(t) {
		seed := uint64(time.Now().UnixNano())
		t.Logf("a sample of %d of %d crashes, drawn with seed %d; without -short it is all", min(len(plans), sampled), len(plans), seed)
		rand.New(rand.NewPCG(seed, 0)).Shuffle(len(plans), func(i, j int) { plans[i], plans[j] = plans[j], plans[i] })
		plans = plans[:min(len(plans), sampled)]
	}
	for _, p := range plans {
		t.Run(p.String(), func(t *testing.T) {
			defer func() {
				if t.Failed() {
					t.Logf("repeat it with: go test -run '%s'", replay(t.Name()))
				}
			}()
			if diff := differ(whole.visible, live(t, p, script).visible); diff != "" {
				t.Errorf("%v changes what is visible:\n%s", p, diff)
			}
		})
	}
}

// sampled is how many crashes are tried with -short.
const sampled = 12

// crashes returns the plans of all crashes.
func crashes(steps, operations int, parallelism []int) (plans []plan) {
	for n := range steps {
		plans = append(plans, plan{step: n + 1, parallelism: parallelism})
	}
	for n := range operations {
		plans = append(plans,
			plan{operation: n + 1, parallelism: parallelism},
			plan{operation: n + 1, power: true, parallelism: parallelism})
	}
	return plans
}

// A life is what is left of a run.
type life struct {
	steps, operations int
	visible           map[string][]string // of each sink
}

// live runs the script.
func live(t *testing.T, p plan, script func(t *testing.T, r *Run)) (l life) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		r := newRun(t, p)
		defer r.end()
		l = r.live(func(r *Run) { script(t, r) })
	})
	return l
}

// live lives through a script.
func (r *Run) live(script func(r *Run)) life {
	script(r)
	if r.running() {
		r.Stop()
	}
	l := life{r.steps, r.disk.operations, make(map[string][]string)}
	for name, s := range r.sinks {
		l.visible[name] = s.lines(name)
	}
	return l
}

// chosen reports whether the user has asked for subtests by name.
func chosen(t *testing.T) bool {
	f := flag.Lookup("test.run")
	return f != nil && strings.Count(f.Value.String(), "/") > strings.Count(t.Name(), "/")
}

// replay is the pattern that runs one test only.
func replay(name string) string {
	parts := strings.Split(name, "/")
	for i, p := range parts {
		parts[i] = "^" + regexp.QuoteMeta(p) + "$"
	}
	return strings.Join(parts, "/")
}

// differ says how two outputs differ, "" if they do not.
func differ(want, got map[string][]string) string {
	var b strings.Builder
	for _, name := range slices.Sorted(maps.Keys(want)) {
		count := make(map[string]int)
		for _, line := range want[name] {
			count[line]++
		}
		for _, line := range got[name] {
			count[line]--
		}
		for _, line := range slices.Sorted(maps.Keys(count)) {
			switch n := count[line]; {
			case n > 0:
				fmt.Fprintf(&b, "sink %s: %d times too few: %s\n", name, n, line)
			case n < 0:
				fmt.Fprintf(&b, "sink %s: %d times too many: %s\n", name, -n, line)
			}
		}
	}
	return b.String()
}
