package fsynclint

import (
	"os"
	"strings"
	"testing"
)

func TestDump(t *testing.T) {
	name := os.Getenv("DUMP")
	if name == "" {
		t.Skip()
	}
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	r, err := Lint(f, Options{AckSocket: true, AckStdout: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d lines %d calls %d processes %d commits", r.Lines, r.Calls, r.Processes, r.Commits)
	for _, f := range r.Findings {
		t.Logf("%s %s x%d: %s\n   %d %s\n   %d %s (%s)\n   missing: %s\n   | %s", f.Rule.ID, f.Severity, f.Count, f.What, f.First.Line, f.First.Call, f.Second.Line, f.Second.Call, f.Then, f.Missing, strings.Join(f.After, "\n   | "))
	}
	for _, e := range r.Enumerations {
		t.Logf("%+v", e)
		if e.Worst != nil {
			t.Logf("%v\n%s", e.Worst.Loss, strings.Join(e.Worst.State, "\n"))
		}
	}
	t.Log(r.Unlooked, r.BlindSpots)
}
