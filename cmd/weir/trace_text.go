package main

import (
	"fmt"
	"strings"

	"github.com/weirstream/weir/internal/fsynclint"
)

// traceText writes the report for people.
func (t *tool) traceText(shown string, r *fsynclint.Report) {
	t.out.para("", fmt.Sprintf("%s: %s, %s of %s, %s", printable(shown),
		counted(int(r.Lines), "line"), counted(r.Calls, "system call"), processes(r.Processes), counted(r.Commits, "commit")))
	for _, f := range r.Findings {
		t.out.printf("\n")
		t.traceFinding(f)
	}
	if r.Dropped > 0 {
		t.out.printf("\n%s are not listed\n", counted(r.Dropped, "more finding"))
	}
	t.traceEnumerations(r)
	t.traceVolatile(r)
	t.out.printf("\nwhat this trace does not show:\n")
	for _, b := range r.BlindSpots {
		t.out.para("  ", printable(b))
	}
	t.out.printf("\n")
	t.out.para("", traceVerdict(r))
}

func processes(n int) string {
	if n == 1 {
		return "1 process"
	}
	return grouped(int64(n)) + " processes"
}

func (t *tool) traceFinding(f *fsynclint.Finding) {
	head := fmt.Sprintf("%s  %s", f.Rule.ID, t.out.tinted(severityTint(f.Severity), f.Severity.String()))
	if f.Count > 1 {
		head += fmt.Sprintf("  %s times; the first:", grouped(int64(f.Count)))
	}
	t.out.printf("%s\n", head)
	t.out.para("  ", printable(f.What))
	width := len(fmt.Sprint(max(f.First.Line, f.Second.Line)))
	call := func(r fsynclint.Ref) {
		if r.Line > 0 {
			t.out.printf("  line %*d  %s\n", width, r.Line, printable(r.Call))
		}
	}
	call(f.First)
	if f.Second.Line > 0 {
		call(f.Second)
	} else if f.Then != "" {
		t.out.printf("  then       %s\n", printable(f.Then))
	}
	if f.Missing != "" {
		t.traceLabelled("missing", f.Missing)
	}
	if len(f.After) > 0 {
		t.out.printf("  after a power cut\n")
		for _, line := range f.After {
			t.out.printf("    %s\n", printable(line))
		}
	}
	if f.Rule.Why != "" {
		t.traceLabelled("why", f.Rule.Why)
	}
	t.traceLabelled("cure", f.Cure)
}

// traceLabelled writes text behind a word, and what is folded below the text.
func (t *tool) traceLabelled(label, text string) {
	const column = 13
	for _, line := range fold(printable(text), t.out.width-column) {
		t.out.printf("  %-*s%s\n", column-2, label, line)
		label = ""
	}
}

func severityTint(s fsynclint.Severity) tint {
	switch s {
	case fsynclint.Error:
		return red
	case fsynclint.Warning:
		return yellow
	}
	return plain
}

func (t *tool) traceEnumerations(r *fsynclint.Report) {
	if len(r.Enumerations) == 0 && len(r.Unlooked) == 0 {
		return
	}
	t.out.printf("\nevery state that a power cut may leave, by the strict model:\n")
	for _, e := range r.Enumerations {
		t.out.printf("  %s", printable(e.Unit))
		if e.Times > 1 {
			t.out.printf(" and %s like it", counted(e.Times-1, "commit"))
		}
		t.out.printf("\n")
		if e.Problem != "" {
			t.out.para("    ", "could not be played: "+printable(e.Problem))
			continue
		}
		bad := fmt.Sprintf("%d bad", e.Bad)
		if e.Bad > 0 {
			bad = t.out.tinted(red, bad)
		}
		line := fmt.Sprintf("%d operations, %d states, %d distinct, %s", e.Ops, e.States, e.Distinct, bad)
		if e.Sampled > 0 {
			line += fmt.Sprintf("; at %s a sample was looked at", counted(e.Sampled, "instant"))
		}
		t.out.printf("    %s\n", line)
		if e.Worst != nil {
			t.traceCrash(e.Worst)
		}
	}
	for _, u := range r.Unlooked {
		t.out.para("  ", "not looked at: "+u)
	}
}

func (t *tool) traceCrash(c *fsynclint.Crash) {
	what := "what was committed is not there; what came before is"
	if c.Loss {
		what = "neither what was committed nor what came before is there"
	}
	t.out.printf("    one of them: %s\n", what)
	if c.After.Line > 0 {
		t.out.printf("      line %d  %s\n", c.After.Line, printable(c.After.Call))
	}
	for _, line := range c.State {
		t.out.printf("      %s\n", printable(line))
	}
}

func (t *tool) traceVolatile(r *fsynclint.Report) {
	if r.VolatileFiles == 0 {
		return
	}
	t.out.printf("\nwritten and not synced when the trace ends, which is no fault where nothing relies on it:\n")
	for _, name := range r.Volatile {
		t.out.printf("  %s\n", printable(name))
	}
	if more := r.VolatileFiles - len(r.Volatile); more > 0 {
		t.out.printf("  and %s\n", counted(more, "more file"))
	}
}

// traceVerdict is the last line.
func traceVerdict(r *fsynclint.Report) string {
	count := map[fsynclint.Severity]int{}
	for _, f := range r.Findings {
		count[f.Severity]++
	}
	bad := uint64(0)
	for _, e := range r.Enumerations {
		bad += e.Bad
	}
	var parts []string
	for _, s := range []fsynclint.Severity{fsynclint.Error, fsynclint.Warning, fsynclint.Info} {
		if n := count[s]; n > 0 {
			parts = append(parts, counted(n, s.String()))
		}
	}
	verdict := "no findings"
	if len(parts) > 0 {
		verdict = strings.Join(parts, ", ")
	}
	switch {
	case bad > 0:
		verdict += fmt.Sprintf("; %d bad states", bad)
	case r.Commits == 0:
		verdict += "; nothing in the trace looks like a commit, so that no file was held to be durable: name one with --commit"
	default:
		verdict += "; no bad state"
	}
	return verdict
}
