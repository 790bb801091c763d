package main

import (
	"fmt"
	"strings"

	"github.com/weirstream/weir/internal/bytesize"
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
	return bytesize.Grouped(int64(n)) + " processes"
}

func (t *tool) traceFinding(f *fsynclint.Finding) {
	head := fmt.Sprintf("%s  %s", f.Rule.ID, t.out.tinted(severityTint(f.Severity), f.Severity.String()))
	if f.Count > 1 {
		head += fmt.Sprintf("  %s times; the first:", bytesize.Grouped(int64(f.Count)))
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

// traceLabelled writes text after a label, and what is folded below the text.
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

// traceVerdict returns the last line.
func traceVerdict(r *fsynclint.Report) string {
	count := map[fsynclint.Severity]int{}
	for _, f := range r.Findings {
		count[f.Severity]++
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
	if r.Commits == 0 {
		verdict += "; nothing in the trace looks like a commit, so no file was taken to be durable: name one with --commit"
	}
	return verdict
}
