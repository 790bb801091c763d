package main

import "github.com/weirstream/weir/internal/fsynclint"

// The lines that trace writes for programs. docs/cli-json.md is their contract.

type traceLine struct {
	Type       string   `json:"message_type"`
	File       string   `json:"file"`
	Lines      int      `json:"lines"`
	Calls      int      `json:"calls"`
	Processes  int      `json:"processes"`
	Commits    int      `json:"commits"`
	Volatile   int      `json:"volatile"`
	BlindSpots []string `json:"blind_spots"`
}

type traceFindingLine struct {
	Type     string     `json:"message_type"`
	Rule     string     `json:"rule"`
	Severity string     `json:"severity"`
	Count    int        `json:"count"`
	What     string     `json:"what"`
	First    *traceCall `json:"first"`
	Second   *traceCall `json:"second"`
	Then     string     `json:"then,omitempty"`
	Missing  string     `json:"missing,omitempty"`
	After    []string   `json:"after"`
	Why      string     `json:"why,omitempty"`
	Cure     string     `json:"cure"`
}

type traceCall struct {
	Line   int    `json:"line"`
	Ended  int    `json:"ended"`
	Thread int    `json:"thread"`
	Call   string `json:"call"`
}

type traceSummaryLine struct {
	Type     string `json:"message_type"`
	Errors   int    `json:"errors"`
	Warnings int    `json:"warnings"`
	Infos    int    `json:"infos"`
	Dropped  int    `json:"dropped"`
	ExitCode int    `json:"exit_code"`
}

func (t *tool) traceJSON(shown string, r *fsynclint.Report) error {
	lines := []any{traceLine{
		Type: "trace", File: shown, Lines: int(r.Lines), Calls: r.Calls, Processes: r.Processes, Commits: r.Commits,
		Volatile: r.VolatileFiles, BlindSpots: orEmpty(r.BlindSpots),
	}}
	sum := traceSummaryLine{Type: "summary", Dropped: r.Dropped}
	for _, f := range r.Findings {
		lines = append(lines, traceFindingLine{
			Type: "finding", Rule: string(f.Rule.ID), Severity: f.Severity.String(), Count: f.Count, What: f.What,
			First: traceCallOf(f.First), Second: traceCallOf(f.Second), Then: f.Then, Missing: f.Missing,
			After: orEmpty(f.After), Why: f.Rule.Why, Cure: f.Cure,
		})
		switch f.Severity {
		case fsynclint.Error:
			sum.Errors++
		case fsynclint.Warning:
			sum.Warnings++
		default:
			sum.Infos++
		}
	}
	if r.Worst() == fsynclint.Error {
		sum.ExitCode = exitDamaged
	}
	for _, l := range append(lines, sum) {
		if err := writeJSON(t.out, l); err != nil {
			return err
		}
	}
	return nil
}

// traceCallOf returns a call of the trace, nil if there is none.
func traceCallOf(r fsynclint.Ref) *traceCall {
	if r.Line == 0 {
		return nil
	}
	return &traceCall{Line: int(r.Line), Ended: int(r.Ended), Thread: int(r.Thread), Call: r.Call}
}

// orEmpty returns the list, which JSON shows as [] if there is nothing in it.
func orEmpty(list []string) []string {
	if list == nil {
		return []string{}
	}
	return list
}
