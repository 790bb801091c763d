package fsynclint

import (
	"cmp"
	"fmt"
	"slices"
)

// A Report is what a trace shows.
type Report struct {
	Lines     Line // of the trace
	Calls     int  // system calls in it
	Processes int
	Commits   int // that were found
	Findings  []*Finding
	Dropped   int // findings beyond those that are listed

	// Enumerations are the commits of the trace, one of each shape. Unlooked says why some
	// are not among them.
	Enumerations []Enumeration
	Unlooked     []string

	// Volatile are files that were written and not synced when the trace ended, up to a few
	// of them by name. That is no fault where nothing relies on them.
	Volatile      []string
	VolatileFiles int

	// BlindSpots say what this trace cannot show.
	BlindSpots []string
}

// Worst is the highest severity of all findings; bad states count as errors.
func (r *Report) Worst() Severity {
	worst := Info
	for _, f := range r.Findings {
		worst = max(worst, f.Severity)
	}
	for _, e := range r.Enumerations {
		if e.Bad > 0 {
			return Error
		}
	}
	return worst
}

const endOfTrace = "the end of the trace"

// finish judges what is left and sums up.
func (p *replay) finish() *Report {
	j := &p.judge
	end := Ref{Line: p.in.records.lines.line + 1, Ended: p.in.records.lines.line + 1}
	for len(j.waiting) > 0 {
		j.decide(j.waiting[0], end, endOfTrace)
	}
	j.closeWindows()
	j.unsyncedRemovals()
	j.unsyncedMappings()
	j.syncCounts()
	r := &Report{Lines: p.in.records.lines.line, Calls: p.in.calls, Processes: p.procs.born, Commits: j.counts.commits, Dropped: j.dropped}
	p.volatile(r)
	p.mounts(r)
	p.coverage(r)
	for _, f := range j.findings {
		if f.assumed && p.writes > 0 {
			continue // the trace has writes after all, and none to this file
		}
		if f.Second.Line >= end.Line {
			f.Second = Ref{}
		}
		r.Findings = append(r.Findings, f)
	}
	slices.SortStableFunc(r.Findings, func(a, b *Finding) int {
		return cmp.Or(cmp.Compare(b.Severity, a.Severity), cmp.Compare(a.Rule.ID, b.Rule.ID), cmp.Compare(a.First.Line, b.First.Line))
	})
	for _, w := range j.windows.order {
		r.Enumerations = append(r.Enumerations, w.enumerate(p.writes > 0))
	}
	unlooked := func(n int, why string) {
		if n > 0 {
			r.Unlooked = append(r.Unlooked, fmt.Sprintf("%d commits %s", n, why))
		}
	}
	unlooked(j.windows.tooLong, fmt.Sprintf("have no operation, or more than %d", maxWindow))
	unlooked(j.windows.lost, fmt.Sprintf("began more than %d operations before they ended", maxOps))
	unlooked(j.windows.others, fmt.Sprintf("are unlike the first %d kinds", maxWindows))
	return r
}

const volatileNames = 8

// volatile notes what was written and not synced.
func (p *replay) volatile(r *Report) {
	var walk func(d *file)
	walk = func(d *file) {
		for _, name := range sortedNames(d.kids) {
			n := d.kids[name].node
			switch {
			case n.dir:
				walk(n)
			case n.dirty && p.judge.p.inScope(n) && !(n.assumed && p.writes > 0):
				if r.VolatileFiles++; len(r.Volatile) < volatileNames {
					r.Volatile = append(r.Volatile, n.path())
				}
			}
		}
	}
	walk(p.tree.root)
}

// closeWindows puts the commits that are left among those to be enumerated, in the order
// in which they were made.
func (j *judge) closeWindows() {
	var units []*unit
	for _, fam := range j.inOrder() {
		units = append(units, fam.units...)
	}
	slices.SortFunc(units, func(a, b *unit) int {
		return cmp.Or(cmp.Compare(a.commit.Line, b.commit.Line), cmp.Compare(a.root.id, b.root.id))
	})
	for _, u := range units {
		j.windows.close(j.p, u)
	}
}
