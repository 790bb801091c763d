package job

import (
	"fmt"
	"strings"
	"testing"

	"github.com/weirstream/weir/internal/plan"
)

// A job that would not fit into a process is refused, with a parallelism that would fit.
func TestFitsProcess(t *testing.T) {
	p := &plan.Plan{Name: "p"}
	in := p.Add(&plan.Node{Kind: plan.KindSource, Name: "in"})
	one := p.Add(&plan.Node{Kind: "reduce", Name: "one", Inputs: []plan.Edge{{From: in, Ship: plan.ByKey}}})
	two := p.Add(&plan.Node{Kind: "reduce", Name: "two", Inputs: []plan.Edge{{From: one, Ship: plan.ByKey}}})
	p.Add(&plan.Node{Kind: plan.KindSink, Name: "out", Inputs: []plan.Edge{{From: two}}})
	for parallelism, fits := range map[int]bool{1: true, 1000: true, 1448: true, 1449: false, 4000: false, 32768: false} {
		err := fitsProcess(p.Chain(parallelism), parallelism)
		if (err == nil) != fits || err != nil && !strings.Contains(err.Error(), "with a parallelism of 1448 at most") {
			t.Errorf("parallelism %d: %v", parallelism, err)
		}
	}
	forward := &plan.Plan{Name: "p"}
	last := forward.Add(&plan.Node{Kind: plan.KindSource, Name: "in"})
	for i := range 9 { // a parallelism of its own keeps each in a task of its own
		last = forward.Add(&plan.Node{Kind: "map", Name: fmt.Sprint(i), Inputs: []plan.Edge{{From: last, Ship: plan.Rebalance}}, Parallelism: 1 + i%2})
	}
	if err := fitsProcess(forward.Chain(70_000), 70_000); err == nil || !strings.Contains(err.Error(), "subtasks, and a process holds") {
		t.Errorf("70,000 subtasks: %v", err)
	}
}
