package main

import (
	"path"
	"slices"

	"github.com/weirstream/weir/internal/bytesize"
	"github.com/weirstream/weir/internal/inspect"
)

// lsText writes a table for each group.
func (t *tool) lsText(p inspect.Place, groups []inspect.Group) {
	all := 0
	tables := make([]table, len(groups))
	for i, group := range groups {
		tables[i] = lsTable(group, someUnsealed(groups))
		all += len(group.Reports)
	}
	if all == 0 {
		t.errs.printf("no checkpoints in %s; a job keeps its own in a directory named by 32 hex digits, "+
			"below its checkpoint directory\n", printable(p.Shown))
		return
	}
	alignTables(tables)
	for i, group := range groups {
		if i > 0 {
			t.out.printf("\n")
		}
		if len(groups) > 1 || p.Kind == inspect.AtTree && group.Shown != p.Shown {
			t.out.printf("%s:\n", printable(group.Shown))
		}
		tables[i].writeTo(t.out, "")
	}
	t.out.printf("\n")
	t.lsLegend(groups)
}

// someUnsealed reports whether there is a checkpoint without a seal. If there is none, nothing
// is said about seals.
func someUnsealed(groups []inspect.Group) bool {
	return slices.ContainsFunc(groups, func(g inspect.Group) bool {
		return slices.ContainsFunc(g.Reports, func(rep *inspect.Report) bool { return rep.Sealed != nil && !*rep.Sealed })
	})
}

func lsTable(group inspect.Group, seals bool) table {
	tb := table{columns: slices.Concat([]column{{head: " "}}, jobColumns(), []column{
		{head: "CHECKPOINT", least: 9, order: 2}, {head: "TIME"}, {head: "SIZE", right: true}, {head: "SEALED", optional: true}, {head: "STATE"},
	})}
	for _, rep := range group.Reports {
		name, id := jobCells(rep.JobName, rep.Job)
		r := row{
			cells: []string{mark(rep), name, id, printable(path.Base(rep.Path)), clock(rep.Unix), bytesize.Format(rep.DirBytes),
				"-", rep.Verdict.String()},
			tint: map[int]tint{0: bold, 7: verdictTint(rep.Verdict)},
		}
		if seals {
			r.cells[6] = yesOrNo(rep.Sealed)
		}
		if reason := rep.Reason(); reason != "" {
			r.below = append(r.below, printable(reason))
		}
		if n := len(rep.Outside); n > 0 {
			r.below = append(r.below, counted(n, "file")+" of it in other directories, not looked at")
		}
		tb.rows = append(tb.rows, r)
	}
	return tb
}

// lsLegend explains the marks that there are, and what the states are based on.
func (t *tool) lsLegend(groups []inspect.Group) {
	marks := map[string]bool{}
	for _, group := range groups {
		for _, rep := range group.Reports {
			marks[mark(rep)] = true
		}
	}
	if marks[markRestart] {
		t.out.para("", markRestart+" a restart of the job begins here")
	}
	if marks[markRefused] {
		t.out.para("", markRefused+" a restart of the job finds this one and refuses it; \"weir verify\" says what can be done")
	}
	if marks[markUnseen] {
		t.out.para("", markUnseen+" a restart of the job begins here; it is not known whether the job can read it")
	}
	t.out.para("", "state by names, lengths and the metadata; \"weir verify\" reads the bytes")
}

// Marks in front of a line.
const (
	markRestart = "*" // a restart begins here
	markRefused = "!" // a restart would, and refuses
	markUnseen  = "?" // a restart would; it could not be read here, by another user than the job's, say
)

func mark(rep *inspect.Report) string {
	switch {
	case !rep.Restart:
		return ""
	case rep.Verdict == inspect.Whole:
		return markRestart
	case rep.Verdict == inspect.Unreadable:
		return markUnseen
	default:
		return markRefused
	}
}

// verdictTint returns the colour of a verdict.
func verdictTint(v inspect.Verdict) tint {
	switch v {
	case inspect.Whole, inspect.Verified:
		return green
	case inspect.Damaged, inspect.Unreadable:
		return red
	case inspect.Incomplete, inspect.SetAside:
		return yellow
	}
	return plain
}

func yesOrNo(b *bool) string {
	switch {
	case b == nil:
		return "-"
	case *b:
		return "yes"
	default:
		return "no"
	}
}
