package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/weirstream/weir/internal/bytesize"
	"github.com/weirstream/weir/internal/inspect"
)

// text says what was done, job by job.
func (p *prune) text(at inspect.Place) {
	out := p.t.out
	tables := make([]table, 0, len(p.jobs))
	var shown []*prunedJob
	for _, j := range p.jobs {
		if tb := p.table(j); len(tb.rows) > 0 {
			tables, shown = append(tables, tb), append(shown, j)
		}
	}
	alignTables(tables)
	for i, j := range shown {
		if j.Shown != at.Shown {
			of := ""
			if j.Name != "" {
				of = " (job " + inspect.Quoted(j.Name) + ")"
			}
			out.printf("%s%s:\n", printable(j.Shown), of)
		}
		tables[i].writeTo(out, "")
		out.printf("\n")
	}
	if len(p.jobs) == 0 {
		p.t.errs.printf("no checkpoints of a job in %s\n", printable(at.Shown))
		return
	}
	s := p.summary()
	if s.Kept+s.Removed+s.Left == 0 && p.failed() {
		return // nothing was looked at; the errors say why
	}
	out.printf("%s\n", s.text())
	if p.loose > 0 {
		out.para("", counted(p.loose, "checkpoint")+" by other names left alone; \"weir ls\" lists them")
	}
}

func (p *prune) failed() bool {
	return slices.ContainsFunc(p.jobs, func(j *prunedJob) bool { return j.failure != nil })
}

func (p *prune) table(j *prunedJob) table {
	tb := table{columns: []column{{head: "CHECKPOINT"}, {head: "STATE"}, {head: "SIZE", right: true}, {head: ""}}}
	for _, r := range j.rows {
		if r.action == "" {
			continue // prune ended before it
		}
		done := string(r.action)
		if r.action == deleted && p.dryRun {
			done = "would be removed"
		}
		cells := row{
			cells: []string{printable(r.name.String()), stateText(r.state), bytesize.Format(r.bytes), done},
			tint:  map[int]tint{1: verdictTint(r.state)},
		}
		if r.why != "" {
			cells.below = append(cells.below, r.why)
		}
		tb.rows = append(tb.rows, cells)
	}
	return tb
}

func stateText(v inspect.Verdict) string {
	if v == inspect.NotJudged {
		return "-"
	}
	return v.String()
}

func (s pruneSummary) text() string {
	verb, freed := "removed", "freed"
	if s.DryRun {
		verb, freed = "to be removed", "would be freed; nothing was changed"
	}
	parts := []string{fmt.Sprintf("%d kept", s.Kept), fmt.Sprintf("%d %s", s.Removed, verb)}
	if s.Left > 0 {
		parts = append(parts, fmt.Sprintf("%d left", s.Left))
	}
	return fmt.Sprintf("%s; %s %s", strings.Join(parts, ", "), bytesize.Format(s.Freed), freed)
}
