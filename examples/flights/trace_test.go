package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/weirstream/weir/internal/fsynclint"
	"github.com/weirstream/weir/run"
)

// fourCheckpoints is the program, stopped when its third checkpoint is complete, which
// takes one more. There are as many on a slow machine as on a fast one, and with one core
// as with many: of more than a few dozen commits the linter does not look at all kinds.
func fourCheckpoints() {
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	job, err := flights("", "weir-data/flights/out", 4000)
	if err == nil {
		err = run.Local(ctx, job, run.Options{
			Parallelism: 2, CheckpointInterval: 50 * time.Millisecond, MinPause: 100 * time.Millisecond,
			InlineThreshold: -1, Log: slog.New(&countdown{stop: stop, after: 3}),
		})
	}
	if err != nil && !errors.Is(err, run.ErrStopped) {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// A countdown is a log that hears when a checkpoint is complete, and calls stop once so
// many are.
type countdown struct {
	stop     func()
	complete atomic.Int32
	after    int32
}

func (c *countdown) Handle(_ context.Context, r slog.Record) error {
	if r.Message == "checkpoint complete" && c.complete.Add(1) == c.after {
		c.stop()
	}
	return nil
}

func (c *countdown) Enabled(context.Context, slog.Level) bool { return true }
func (c *countdown) WithAttrs([]slog.Attr) slog.Handler       { return c }
func (c *countdown) WithGroup(string) slog.Handler            { return c }

// TestItsOwnTraceIsClean records the system calls of the program and reads them as "weir
// trace" does: there is no fault, and no power cut loses anything. What is noted is on
// purpose: removals that come back do no harm (D022), and recovery syncs again what it
// cannot know to be durable (D053).
func TestItsOwnTraceIsClean(t *testing.T) {
	strace, err := exec.LookPath("strace")
	if err != nil {
		t.Skip("strace is not installed")
	}
	if testing.CoverMode() != "" {
		t.Skip("a program that counts what it covers writes files of its own, without a sync")
	}
	dir := t.TempDir()
	file := filepath.Join(t.TempDir(), "trace")
	program := flightsCommand(t, dir)
	args := []string{"-f", "-y", "-ttt", "-s", "0", "-o", file, "-e",
		"trace=%file,%desc,%process,%network,sync,msync,munmap,mremap,io_uring_setup,io_uring_enter,io_uring_register,io_submit"}
	cmd := exec.Command(strace, append(args, program.Args...)...)
	cmd.Dir, cmd.Env = program.Dir, append(program.Env, "FLIGHTS_RUN_MAIN=four checkpoints")
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
	t.Logf("%d calls, %d commits of %d kinds, %d states", report.Calls, report.Commits, len(report.Enumerations), states)
}
