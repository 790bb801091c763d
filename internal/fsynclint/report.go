package fsynclint

import (
	"cmp"
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

	// Volatile are files that were written and not synced when the trace ended, up to a few
	// of them by name. That is no fault where nothing relies on them.
	Volatile      []string
	VolatileFiles int

	// BlindSpots say what this trace cannot show.
	BlindSpots []string
}

// Worst returns the highest severity of all findings.
func (r *Report) Worst() Severity {
	worst := Info
	for _, f := range r.Findings {
		worst = max(worst, f.Severity)
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
	j.unsyncedRemovals()
	j.unsyncedMappings()
	j.syncCounts()
	r := &Report{Lines: p.in.records.lines.line, Calls: p.in.calls, Processes: p.procs.born, Commits: j.counts.commits, Dropped: j.dropped}
	p.volatile(r)
	p.mounts(r)
	p.coverage(r)
	for _, f := range j.findings {
		if f.assumed && p.writes > 0 {
			continue // the trace has writes, and none to this file
		}
		if f.Second.Line >= end.Line {
			f.Second = Ref{}
		}
		r.Findings = append(r.Findings, f)
	}
	slices.SortStableFunc(r.Findings, func(a, b *Finding) int {
		return cmp.Or(cmp.Compare(b.Severity, a.Severity), cmp.Compare(a.Rule.ID, b.Rule.ID), cmp.Compare(a.First.Line, b.First.Line))
	})
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
