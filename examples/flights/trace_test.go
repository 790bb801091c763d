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

// fourCheckpoints is the program, stopped when its third checkpoint is complete, which takes
// one more. So the number does not depend on the speed of the machine or its cores.
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

// A countdown is a log handler. It calls stop once the log says that so many checkpoints are
// complete.
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
// trace" does: there is no fault. Two notes are expected: removed names that come back do no
// harm (D022), and recovery syncs again, because it cannot know what is durable (D053).
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
	if report.Commits < 4 {
		t.Fatalf("%d commits in the trace: want several", report.Commits)
	}
	for _, f := range report.Findings {
		if !slices.Contains([]fsynclint.RuleID{"D022", "D053"}, f.Rule.ID) {
			t.Errorf("%s: %s\n  line %d  %s\n  line %d  %s", f.Rule.ID, f.What, f.First.Line, f.First.Call, f.Second.Line, f.Second.Call)
		}
	}
	t.Logf("%d calls, %d commits", report.Calls, report.Commits)
}
