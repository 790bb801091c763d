package main

import (
	"fmt"
	"strings"

	"github.com/weirstream/weir/flink"
)

func (d *diffing) writeText() error {
	out := d.t.out
	out.printf("A  checkpoint %v  %s\nB  checkpoint %v  %s\n", d.a.c.ID, printable(d.a.shown), d.b.c.ID, printable(d.b.shown))
	if a, b := d.a.job, d.b.job; a != nil && b != nil && *a != *b {
		out.printf("of two jobs, %v and %v\n", a, b)
	}
	for _, op := range d.operators {
		if op.differs() || len(op.uncompared) > 0 {
			out.printf("\n")
			d.textOperator(op)
		}
	}
	if d.hooks {
		out.printf("\nthe states of the coordinator's hooks differ\n")
	}
	out.printf("\n")
	out.para("", d.result())
	return nil
}

func (d *diffing) textOperator(op *operatorDiff) {
	out := d.t.out
	name := "(name not known)"
	if s := op.label().text(); s != "" {
		name = printable(s)
	}
	c := op.change()
	is := ""
	if c == added || c == removed {
		is = ": " + out.tinted(c.tint(), string(c))
	}
	out.printf("%s  %s%s\n", out.tinted(bold, "operator "+op.id.String()), name, is)
	if op.regrouped() {
		out.para("  ", fmt.Sprintf("max parallelism: %d → %d; all key groups were compared at once", op.a.op.MaxParallelism, op.b.op.MaxParallelism))
	}
	if c != added && c != removed && op.a.op.FullyFinished != op.b.op.FullyFinished {
		out.para("  ", "all subtasks have finished: in "+map[bool]string{true: "A", false: "B"}[op.a.op.FullyFinished]+" only")
	}
	d.textStates(op)
	for _, u := range op.uncompared {
		out.para("  ", fmt.Sprintf("not compared, and not the same byte by byte: %v state: %s", u.kind, printable(strings.Join(u.why, "; "))))
	}
	if d.keys {
		d.textEntries(op)
	}
}

// textStates writes how the states that differ do.
func (d *diffing) textStates(op *operatorDiff) {
	tb := table{columns: []column{
		{head: "STATE"}, {head: "KIND"}, {head: "IS"},
		{head: "ADDED", right: true}, {head: "REMOVED", right: true}, {head: "CHANGED", right: true}, {head: "SAME", right: true},
	}}
	for _, st := range op.states {
		c := st.change()
		if c == same {
			continue
		}
		r := row{tint: map[int]tint{2: c.tint()}, cells: []string{
			orDash(st.id.name), orDash(st.info().Kind), string(c), grouped(st.added), grouped(st.removed), grouped(st.changed), grouped(st.same),
		}}
		r.below = append(r.below, st.retyped...)
		tb.rows = append(tb.rows, r)
	}
	if len(tb.rows) > 0 {
		tb.writeTo(d.t.out, "  ")
	}
}

func (d *diffing) textEntries(op *operatorDiff) {
	out, any := d.t.out, false
	left := d.eachEntry(op, func(x difference) error {
		if !any {
			any = true
			out.printf("\n")
		}
		line := x.text()
		if out.live {
			line = cut(line, maxShownValue)
		}
		out.printf("  %s %s\n", out.tinted(x.change().tint(), x.change().sign()), line)
		return nil
	})
	for _, st := range op.states {
		if n := left[st.id]; n > 0 && d.limit > 0 {
			out.printf("  %s: %s more; --limit 0 shows all\n", printable(st.id.name), grouped(n))
		}
	}
}

// text is the entry as inspect shows it, with both values if it has changed.
func (x difference) text() string {
	line := x.entry().text()
	if x.change() != changed {
		return line
	}
	return x.old.text() + " → " + printable(string(flink.AppendJSON(nil, x.now.value)))
}

// eachEntry reads an operator again and yields as many of the entries that differ as are
// wanted of each state. It returns how many of each were left out.
func (d *diffing) eachEntry(op *operatorDiff, yield func(difference) error) (left map[stateID]int64) {
	shown := map[stateID]int{}
	left = map[stateID]int64{}
	open := map[stateID]bool{} // states of which more is wanted
	for _, st := range op.states {
		if n := st.differing(); n > 0 {
			open[st.id], left[st.id] = true, n
		}
	}
	if len(open) == 0 {
		return left
	}
	op.each(true, func(m *matcher) bool {
		for _, x := range m.differs {
			id := x.entry().state.id()
			if !open[id] {
				continue
			}
			if yield(x) != nil {
				return false
			}
			left[id]--
			if shown[id]++; shown[id] == d.limit {
				delete(open, id)
			}
		}
		return len(open) > 0
	})
	return left
}

// result is what came out, in one line.
func (d *diffing) result() string {
	s := d.summary()
	out := d.t.out
	switch {
	case len(d.errs) > 0:
		return out.tinted(red, "not compared") + " as a whole: some of it is damaged or could not be read"
	case s.ExitCode == exitDifferent:
		return fmt.Sprintf("%s: %d of %s, %d of %s; entries: %s added, %s removed, %s changed, %s the same", out.tinted(yellow, "different"),
			s.OperatorsDiffering, counted(s.Operators, "operator"), s.StatesDiffering, counted(s.States, "state"),
			grouped(s.Added), grouped(s.Removed), grouped(s.Changed), grouped(s.Same))
	case s.ExitCode == exitFailed:
		return out.tinted(yellow, "not known") + fmt.Sprintf(": %s could be compared and are the same; what could not is not the same byte by byte", entryCount(s.Same))
	}
	return fmt.Sprintf("%s: %s, %s, %s", out.tinted(green, "the same"), counted(s.Operators, "operator"), counted(s.States, "state"), entryCount(s.Same))
}
