package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/weirstream/weir/durable/probe"
	"github.com/weirstream/weir/internal/bytesize"
)

// text writes all that was found out, and what could not be, for people.
func (d *doctor) text() {
	out := d.t.out
	out.printf("%s: %s\n", printable(d.shown), printable(d.mount.String()))
	d.textMount(d.mount)
	d.textSpace()
	out.printf("\n")

	tb := table{columns: []column{{head: "LITMUS"}, {head: ""}}}
	for _, t := range d.trials {
		r := row{cells: []string{t.Name, t.Outcome.String()}, tint: map[int]tint{1: outcomeTint(t.Outcome)}}
		if t.Detail != "" {
			r.below = append(r.below, printable(t.Detail))
		}
		tb.rows = append(tb.rows, r)
	}
	tb.writeTo(out, "")
	out.printf("\n")

	if len(d.costs) > 0 {
		tb = table{columns: []column{{head: "COST"}, {head: "MEDIAN", right: true}, {head: "WORST", right: true}, {head: "RUNS", right: true}}}
		for _, c := range d.costs {
			tb.rows = append(tb.rows, row{cells: []string{c.what, millis(c.median), millis(c.worst), fmt.Sprint(c.runs)}})
		}
		tb.writeTo(out, "")
		out.para("  ", "state files of "+bytesize.Format(trialBytes)+", written at the same time; other work on the disk counts in")
		out.printf("\n")
	}
	d.textVerdict()
}

func (d *doctor) textMount(m probe.Mount) {
	out := d.t.out
	if len(m.Options) > 0 {
		out.para("  ", printable("options "+strings.Join(m.Options, ",")))
	}
	if strings.HasPrefix(m.Type, "ext") {
		out.printf("  journal %v, fast_commit %v\n", m.Journal, m.FastCommit)
	}
	if m.Upper != nil {
		out.printf("  written to %s\n", printable(m.Upper.String()))
		d.textMount(*m.Upper)
	}
}

func (d *doctor) textSpace() {
	s := d.space
	if s == nil {
		d.t.out.printf("  how much room there is cannot be seen here\n")
		return
	}
	d.t.out.printf("  %s of %s free", bytesize.Format(s.FreeBytes), bytesize.Format(s.TotalBytes))
	if s.TotalInodes > 0 {
		d.t.out.printf(", %s of %s inodes", bytesize.Grouped(s.FreeInodes), bytesize.Grouped(s.TotalInodes))
	}
	d.t.out.printf("\n")
}

// textVerdict writes the conclusions, the worst first, and the verdict.
func (d *doctor) textVerdict() {
	out := d.t.out
	for _, w := range []struct {
		severity probe.Severity
		head     string
	}{{probe.Broken, "broken: "}, {probe.Doubt, "warning: "}, {probe.Note, "note: "}} {
		for _, l := range d.mount.Limits() {
			if l.Severity == w.severity {
				out.para("", w.head+printable(l.Sentence))
			}
		}
	}
	for _, t := range d.trials {
		switch t.Outcome {
		case probe.Failed:
			out.para("", "broken: it does not hold that "+t.Name)
		case probe.Weaker:
			out.para("", "warning: it does not hold in full that "+t.Name)
		}
	}
	switch d.verdict() {
	case canHold:
		out.printf("%s\n", out.tinted(green, "The durability contract can hold here."))
	case inDoubt:
		out.printf("%s\n", out.tinted(yellow, "The durability contract can hold here if the doubts above are unfounded."))
	case cannotHold:
		out.printf("%s\n", out.tinted(red, "The durability contract cannot hold here."))
		return
	}
	out.para("", "What this does not show: whether the drive keeps what it has reported as written. "+
		"The power was not cut, and a drive that lies about its cache passes all of this.")
}

func outcomeTint(o probe.Outcome) tint {
	switch o {
	case probe.Held:
		return green
	case probe.Failed:
		return red
	}
	return yellow
}

// millis returns a duration in a unit in which disks can be compared.
func millis(d time.Duration) string {
	return fmt.Sprintf("%.2f ms", float64(d)/float64(time.Millisecond))
}
