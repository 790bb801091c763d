package main

import (
	"fmt"
	"reflect"
	"slices"
	"testing"
)

// A plan depends on its numbers only, and every kind of step comes up.
func TestPlan(t *testing.T) {
	seen := map[string]int{}
	for n := 1; n <= 100; n++ {
		plan := drawRound(7, n)
		if !reflect.DeepEqual(plan, drawRound(7, n)) {
			t.Fatalf("round %d is drawn in two ways", n)
		}
		if reflect.DeepEqual(plan.steps, drawRound(8, n).steps) {
			t.Errorf("round %d is the same by another seed", n)
		}
		seen[fmt.Sprintf("small disk %v", plan.smallDisk)]++
		for _, s := range plan.steps {
			if !plan.smallDisk && (s.fill != none || s.free != none) {
				t.Errorf("%v, but there is no small disk in this round", s)
			}
			seen[s.ending.String()]++
			seen[fmt.Sprintf("fill %v, free %v", s.fill != none, s.free != none)]++
			seen[fmt.Sprintf("parallelism %d", s.options.parallelism)]++
			seen[fmt.Sprintf("retain %d", s.options.retain)]++
			seen["inline "+s.options.inline]++
		}
	}
	if want := 2 + 3 + 4 + 8 + 4 + 4; len(seen) != want {
		t.Errorf("%d different things come up, want %d: %v", len(seen), want, seen)
	}
}

func TestEvents(t *testing.T) {
	for _, test := range []struct {
		s    step
		want []event
	}{
		{step{at: 5, ending: kill, fill: none, free: none}, []event{{5, sendKill}}},
		{step{at: 5, ending: kill, fill: 3, free: 7}, []event{{3, fillDisk}, {5, sendKill}}},
		{step{at: 5, ending: kill, fill: 3, free: 1}, []event{{1, freeDisk}, {3, fillDisk}, {5, sendKill}}},
		{step{at: 5, ending: stop, fill: 6, free: none}, []event{{5, sendStop}}},
		{step{at: 5, ending: stopThenKill, then: 3, fill: 6, free: 9}, []event{{5, sendStop}, {6, fillDisk}, {8, sendKill}}},
	} {
		if got := test.s.events(); !slices.Equal(got, test.want) {
			t.Errorf("%v: %v, want %v", test.s, got, test.want)
		}
	}
}
