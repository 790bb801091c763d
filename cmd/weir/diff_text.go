package main

import (
	"fmt"
	"strings"

	"github.com/weirstream/weir/internal/bytesize"
	"github.com/weirstream/weir/internal/inspect"
)

func (d *diffing) writeText() error {
	out := d.t.out
	out.printf("A  checkpoint %v  %s\nB  checkpoint %v  %s\n", d.A.ID, printable(d.A.Shown), d.B.ID, printable(d.B.Shown))
	if a, b := d.A.Job, d.B.Job; a != nil && b != nil && *a != *b {
		out.printf("of two jobs: %s, and %s\n", jobInSentence(d.A.Names.Job, *a), jobInSentence(d.B.Names.Job, *b))
	}
	for _, op := range d.Operators {
		if op.Change() != inspect.Same || len(op.Uncompared) > 0 {
			out.printf("\n")
			d.textOperator(op)
		}
	}
	if d.HooksDiffer {
		out.printf("\nthe states of the coordinator's hooks differ\n")
	}
	out.printf("\n")
	out.para("", d.result())
	return nil
}

func (d *diffing) textOperator(op *inspect.OperatorDiff) {
	out := d.t.out
	c := op.Change()
	missing := c == inspect.Added || c == inspect.Removed
	is := ""
	if missing {
		is = ": " + out.tinted(changeTint(c), string(c))
	}
	out.printf("%s%s\n", out.operatorHead(op.Label(), op.ID), is)
	if op.Regrouped() {
		out.para("  ", fmt.Sprintf("max parallelism: %d → %d; all key groups were compared at once", op.A.MaxParallelism, op.B.MaxParallelism))
	}
	if !missing && op.A.FullyFinished != op.B.FullyFinished {
		out.para("  ", "all subtasks have finished: in "+map[bool]string{true: "A", false: "B"}[op.A.FullyFinished]+" only")
	}
	d.textStates(op)
	for _, u := range op.Uncompared {
		out.para("  ", fmt.Sprintf("not compared, and not the same byte by byte: %v state: %s", u.Kind, printable(strings.Join(unreadTexts(u.Why), "; "))))
	}
	if d.keys {
		d.textEntries(op)
	}
}

func changeTint(c inspect.Change) tint {
	switch c {
	case inspect.Added:
		return green
	case inspect.Removed:
		return red
	case inspect.Changed:
		return yellow
	}
	return plain
}

// textStates writes how the states that differ do.
func (d *diffing) textStates(op *inspect.OperatorDiff) {
	tb := table{columns: []column{
		{head: "STATE"}, {head: "KIND"}, {head: "IS"},
		{head: "ADDED", right: true}, {head: "REMOVED", right: true}, {head: "CHANGED", right: true}, {head: "SAME", right: true},
	}}
	for _, st := range op.States {
		c := st.Change()
		if c == inspect.Same {
			continue
		}
		r := row{tint: map[int]tint{2: changeTint(c)}, cells: []string{
			inspect.Name(st.Name), orDash(st.State().Kind), string(c), bytesize.Grouped(st.Added), bytesize.Grouped(st.Removed), bytesize.Grouped(st.Changed), bytesize.Grouped(st.Same),
		}}
		for _, x := range st.Retyped {
			r.below = append(r.below, printable(retypeText(x)))
		}
		tb.rows = append(tb.rows, r)
	}
	if len(tb.rows) > 0 {
		tb.writeTo(d.t.out, "  ")
	}
}

func retypeText(r inspect.Retype) string {
	text := fmt.Sprintf("%s: %s → %s", r.Part, orDash(r.Was), orDash(r.Is))
	if r.SameName {
		text += ", described in another way"
	}
	return text
}

func (d *diffing) textEntries(op *inspect.OperatorDiff) {
	out, any := d.t.out, false
	left, _ := d.Entries(op, d.limit, func(x inspect.Difference) error {
		if !any {
			any = true
			out.printf("\n")
		}
		out.printf("  %s %s\n", out.tinted(changeTint(x.Change()), sign(x.Change())), out.entry(differenceText(x)))
		return nil
	})
	for i, st := range op.States {
		if n := left[i]; n > 0 && d.limit > 0 {
			out.printf("  %s: %s more; --limit 0 shows all\n", inspect.Name(st.Name), bytesize.Grouped(n))
		}
	}
}

// sign stands in front of an entry.
func sign(c inspect.Change) string {
	return map[inspect.Change]string{inspect.Same: " ", inspect.Added: "+", inspect.Removed: "-", inspect.Changed: "~"}[c]
}

// differenceText returns the entry as inspect shows it, with both values if it has changed.
func differenceText(x inspect.Difference) string {
	if x.Change() != inspect.Changed {
		return x.Entry().Text()
	}
	return x.Old.Text() + " → " + inspect.Text(x.New.Value)
}

// result says in one line what the comparison came to.
func (d *diffing) result() string {
	s := d.summary()
	out := d.t.out
	switch d.Outcome() {
	case inspect.Failed:
		return out.tinted(red, "not compared") + " as a whole: some of it is damaged or could not be read"
	case inspect.Different:
		return fmt.Sprintf("%s: %d of %s, %d of %s; entries: %s added, %s removed, %s changed, %s the same", out.tinted(yellow, "different"),
			s.OperatorsDiffering, counted(s.Operators, "operator"), s.StatesDiffering, counted(s.States, "state"),
			bytesize.Grouped(s.Added), bytesize.Grouped(s.Removed), bytesize.Grouped(s.Changed), bytesize.Grouped(s.Same))
	case inspect.Unknown:
		return out.tinted(yellow, "not known") + fmt.Sprintf(": %s could be compared and are the same; the rest is not the same byte by byte", entryCount(s.Same))
	}
	return fmt.Sprintf("%s: %s, %s, %s", out.tinted(green, "the same"), counted(s.Operators, "operator"), counted(s.States, "state"), entryCount(s.Same))
}
