package plan

import (
	"strings"
	"testing"
)

// s → map → by key r → sink; s and r → union → sink
func TestDump(t *testing.T) {
	p := &Plan{Name: "p"}
	s := p.Add(&Node{Kind: KindSource, Name: "s"})
	m := p.Add(&Node{Kind: "map", Inputs: []Edge{{From: s}}})
	r := p.Add(&Node{Kind: "reduce", Name: "r", Inputs: []Edge{{From: m, Ship: ByKey}}})
	p.Add(&Node{Kind: KindSink, Name: "out", Inputs: []Edge{{From: r}}})
	u := p.Add(&Node{Kind: KindUnion, Inputs: []Edge{{From: s}, {From: r}}})
	p.Add(&Node{Kind: KindSink, Name: "all", Inputs: []Edge{{From: u}}})
	if err := p.Check(); err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	if err := p.Dump(&b, 2); err != nil {
		t.Fatal(err)
	}
	const want = `task 0 ×2: s -> map#1
task 1 ×2: r -> out
  from task 0 (map#1), by key
task 2 ×2: union#4 -> all
  from task 0 (s), forward
  from task 1 (r), forward
`
	if b.String() != want {
		t.Errorf("got\n%swant\n%s", b.String(), want)
	}
}
