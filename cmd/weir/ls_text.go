package main

import (
	"path"
)

// lsText writes a table for each group.
func (t *tool) lsText(p place, groups []lsGroup) {
	all := 0
	tables := make([]table, len(groups))
	for i, group := range groups {
		tables[i] = lsTable(group)
		all += len(group.rows)
	}
	if all == 0 {
		t.errs.printf("no checkpoints in %s; a job keeps its own in a directory named by 32 hex digits, "+
			"below its checkpoint directory\n", printable(p.shown))
		return
	}
	alignTables(tables)
	for i, group := range groups {
		if i > 0 {
			t.out.printf("\n")
		}
		if len(groups) > 1 || p.kind == aTree && group.shown != p.shown {
			t.out.printf("%s:\n", printable(group.shown))
		}
		tables[i].writeTo(t.out, "")
	}
	t.out.printf("\n")
	t.lsLegend(groups)
}

func lsTable(group lsGroup) table {
	tb := table{columns: []column{
		{head: " "}, {head: "JOB", shrinks: true}, {head: "CHECKPOINT"}, {head: "TIME"}, {head: "SIZE", right: true},
		{head: "SEALED"}, {head: "STATE"},
	}}
	for _, g := range group.rows {
		r := row{
			cells: []string{g.mark(), orDash(g.jobText()), printable(path.Base(g.name)), clock(g.unix), byteCount(g.bytes), g.sealedText(), string(g.state)},
			tint:  map[int]tint{0: bold, 6: g.state.tint()},
		}
		if g.reason != "" {
			r.below = append(r.below, printable(g.reason))
		}
		if g.outside > 0 {
			r.below = append(r.below, counted(g.outside, "file")+" of it in other directories, not looked at")
		}
		tb.rows = append(tb.rows, r)
	}
	return tb
}

// lsLegend explains the marks that there are, and how much the states are worth.
func (t *tool) lsLegend(groups []lsGroup) {
	marks := map[string]bool{}
	for _, group := range groups {
		for _, g := range group.rows {
			marks[g.mark()] = true
		}
	}
	if marks[markRestart] {
		t.out.para("", markRestart+" a restart of the job begins here")
	}
	if marks[markRefused] {
		t.out.para("", markRefused+" a restart of the job finds this one and refuses it; \"weir verify\" says what can be done")
	}
	if marks[markUnseen] {
		t.out.para("", markUnseen+" a restart of the job begins here, and whether it can be read by the job is not known")
	}
	t.out.para("", "as names, lengths and the metadata tell; \"weir verify\" reads the bytes")
}

// Marks in front of a line.
const (
	markRestart = "*" // a restart begins here
	markRefused = "!" // a restart would, and refuses
	markUnseen  = "?" // a restart would; it could not be read here, by who is not the job's user, say
)

func (g *glance) mark() string {
	switch {
	case !g.restart:
		return ""
	case g.state == whole:
		return markRestart
	case g.state == unreadable:
		return markUnseen
	default:
		return markRefused
	}
}

func (g *glance) jobText() string {
	if g.job == nil {
		return ""
	}
	return g.job.String()
}

func (g *glance) sealedText() string {
	switch {
	case g.sealed == nil:
		return "-"
	case *g.sealed:
		return "yes"
	default:
		return "no"
	}
}
