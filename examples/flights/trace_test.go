package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/weirstream/weir/internal/fsynclint"
)

// TestItsOwnTraceIsClean records the system calls of the program and reads them as "weir
// trace" does: there is no fault, and no power cut loses anything. What is noted is on
// purpose: removals that come back do no harm (D022), and recovery syncs again what it
// cannot know to be durable (D053). The parallelism is given, as more of it makes more kinds of
// commits than are looked at.
func TestItsOwnTraceIsClean(t *testing.T) {
	strace, err := exec.LookPath("strace")
	if err != nil {
		t.Skip("strace is not installed")
	}
	dir := t.TempDir()
	file := filepath.Join(t.TempDir(), "trace")
	program := flightsCommand(t, dir, "--parallelism", "2", "--rate", "40000", "--checkpoint-interval", "100ms", "--inline-threshold", "0")
	args := []string{"-f", "-y", "-ttt", "-s", "0", "-o", file, "-e",
		"trace=%file,%desc,%process,%network,sync,msync,munmap,mremap,io_uring_setup,io_uring_enter,io_uring_register,io_submit"}
	cmd := exec.Command(strace, append(args, program.Args...)...)
	cmd.Dir, cmd.Env = program.Dir, program.Env
	if out, err := cmd.CombinedOutput(); err != nil {
		if strings.Contains(string(out), "ptrace") {
			t.Skipf("strace may not trace here: %s", out)
		}
		t.Fatalf("%v\n%s", err, out)
	}
	in, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	report, err := fsynclint.Lint(in, fsynclint.Options{AckSocket: true, AckStdout: true})
	if err != nil {
		t.Fatal(err)
	}
	if report.Commits < 4 || len(report.Enumerations) == 0 {
		t.Fatalf("%d commits in the trace, and %d kinds of them: want several", report.Commits, len(report.Enumerations))
	}
	for _, f := range report.Findings {
		if !slices.Contains([]fsynclint.RuleID{"D022", "D053"}, f.Rule.ID) {
			t.Errorf("%s: %s\n  line %d  %s\n  line %d  %s", f.Rule.ID, f.What, f.First.Line, f.First.Call, f.Second.Line, f.Second.Call)
		}
	}
	states := uint64(0)
	for _, e := range report.Enumerations {
		states += e.States
		if e.Bad > 0 || e.Problem != "" {
			t.Errorf("%s: %d bad of %d states; %s", e.Unit, e.Bad, e.States, e.Problem)
		}
	}
	if len(report.Unlooked) > 0 {
		t.Errorf("not looked at: %v", report.Unlooked)
	}
	t.Logf("%d calls, %d commits, %d states", report.Calls, report.Commits, states)
}
