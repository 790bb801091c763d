package main

import (
	"bufio"
	"bytes"
	"cmp"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/weirstream/weir"
	"github.com/weirstream/weir/run"
	"github.com/weirstream/weir/weirtest"
)

// runFlights runs the program in dir and returns its exit code and what it printed.
func runFlights(t *testing.T, dir string, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	cmd := flightsCommand(t, dir, args...)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return cmd.ProcessState.ExitCode(), out.String(), errs.String()
}

func wantExit(t *testing.T, dir string, code int, words []string, args ...string) (stdout string) {
	t.Helper()
	got, stdout, stderr := runFlights(t, dir, args...)
	if got != code {
		t.Errorf("%q: exit code %d, want %d\n%s", args, got, code, stderr)
	}
	for _, w := range words {
		if !strings.Contains(stdout+stderr, w) {
			t.Errorf("%q: does not say %q:\n%s%s", args, w, stdout, stderr)
		}
	}
	return stdout
}

func writeLines(t *testing.T, name string, lines ...string) {
	t.Helper()
	if err := os.WriteFile(name, []byte(strings.Join(lines, "\n")+"\n"), 0o666); err != nil {
		t.Fatal(err)
	}
}

const (
	line1 = `{"date":"2001/01/01 00:47","delay":66,"distance":1750,"origin":"DTW","destination":"LAS"}`
	line2 = `{"date":"2001/01/01 01:10","delay":-5,"distance":2399,"origin":"DTW","destination":"SFO"}`
	line3 = `{"date":"2001/01/01 02:10","delay":8,"distance":2399,"origin":"HNL","destination":"SFO"}`
)

func TestExitCodesAndMessages(t *testing.T) {
	dir := t.TempDir()
	wantExit(t, dir, run.ExitDone, []string{"Exit codes:", "--allow-fallback", "--rate number", "Examples:", "(20KiB)"}, "--help")
	wantExit(t, dir, run.ExitUsage, []string{"flag provided but not defined: -rats"}, "--rats", "7")
	wantExit(t, dir, run.ExitUsage, []string{"takes flags only"}, "everything")
	wantExit(t, dir, run.ExitUsage, []string{"--rate"}, "--rate", "-1")
	wantExit(t, dir, run.ExitUsage, []string{"parallelism -1"}, "--parallelism", "-1")
	wantExit(t, dir, run.ExitUsage, []string{"--retain"}, "--retain", "0")
	wantExit(t, dir, run.ExitUsage, []string{"at least 1ms"}, "--checkpoint-interval", "1ns")

	in := filepath.Join(dir, "in.jsonl")
	writeLines(t, in, line1, `{"date":"2001/01/01", "delay":`, line2)
	wantExit(t, dir, run.ExitFailed, []string{"in.jsonl:2:"}, "--in", in)
	if got := output(t, dir); len(got) != 0 {
		t.Errorf("a run that failed has made %d lines visible", len(got))
	}
}

// Each flight has the figures of its airport so far, whenever the job crashes.
func TestFigures(t *testing.T) {
	weirtest.EveryCrash(t, func(t *testing.T, r *weirtest.Run) {
		var in weirtest.Source[Flight]
		var out weirtest.Sink[Enriched]
		r.Start(func() *weir.Job { return enriching(&in, &out) }, run.Options{})
		in.Push(Flight{Delay: 66, Origin: "DTW", Destination: "LAS"})
		r.Checkpoint()
		in.Push(Flight{Delay: -5, Origin: "DTW", Destination: "SFO"}, Flight{Delay: -8, Origin: "HNL", Destination: "SFO"})
		r.Checkpoint()
		got := out.Visible()
		slices.SortFunc(got, func(a, b Enriched) int { return cmp.Compare(a.Origin+a.Destination, b.Origin+b.Destination) })
		want := []Enriched{
			{Delay: 66, Origin: "DTW", Destination: "LAS", N: 1, MeanDelay: 66, WorstDelay: 66},
			{Delay: -5, Origin: "DTW", Destination: "SFO", N: 2, MeanDelay: 30.5, WorstDelay: 66},
			{Delay: -8, Origin: "HNL", Destination: "SFO", N: 1, MeanDelay: -8, WorstDelay: -8},
		}
		if !slices.Equal(got, want) {
			t.Errorf("got %+v, want %+v", got, want)
		}
	}, 1, 3, 2)
}

// A second run of the program does nothing. When lines are appended the next run processes
// those, and the figures go on from where they were.
func TestRunAgainAndAppend(t *testing.T) {
	dir := t.TempDir()
	in := filepath.Join(dir, "in.jsonl")
	writeLines(t, in, line1)
	wantExit(t, dir, run.ExitDone, []string{"1 flights are in"}, "--in", in)
	wantExit(t, dir, run.ExitDone, []string{"1 flights are in"}, "--in", in, "--parallelism", "3")
	writeLines(t, in, line1, line2, line3)
	wantExit(t, dir, run.ExitDone, []string{"3 flights are in"}, "--in", in, "--parallelism", "1")
	got := strings.Join(output(t, dir), "")
	if want := `{"origin":"DTW","destination":"SFO","date":"2001/01/01 01:10","delay":-5,"n":2,"mean_delay":30.5,"worst_delay":66}`; !strings.Contains(got, want) {
		t.Errorf("no line %s in\n%s", want, got)
	}
}

// A signal ends the program with a final checkpoint, and the output of all records that it
// has read is visible.
func TestSignalEndsWithAFinalCheckpoint(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("there are no such signals on Windows")
	}
	dir := t.TempDir()
	cmd := flightsCommand(t, dir, "--rate", "500", "--checkpoint-interval", "100ms", "--log-level", "info")
	stderr, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	complete := 0
	for s := bufio.NewScanner(stderr); s.Scan(); {
		if strings.Contains(s.Text(), "checkpoint complete") {
			if complete++; complete == 2 {
				if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	if err := cmd.Wait(); err != nil {
		t.Fatalf("ended with %v, want exit code 0", err)
	}
	if complete < 3 {
		t.Errorf("%d checkpoints, and none after the signal", complete)
	}
	first := len(output(t, dir))
	if first == 0 || first == 20000 {
		t.Errorf("%d lines are visible after the signal", first)
	}
	wantExit(t, dir, run.ExitDone, []string{"20000 flights are in"})
}

func TestDamageIsRefused(t *testing.T) {
	dir := t.TempDir()
	wantExit(t, dir, run.ExitDone, nil, "--inline-threshold", "0")
	files, err := filepath.Glob(filepath.Join(dir, "weir-data/*/chk-1/????????-*"))
	if err != nil || len(files) == 0 {
		t.Fatal("no state files", err)
	}
	b, err := os.ReadFile(files[0])
	if err != nil {
		t.Fatal(err)
	}
	b[len(b)-1] ^= 1
	if err := os.WriteFile(files[0], b, 0o666); err != nil {
		t.Fatal(err)
	}
	wantExit(t, dir, run.ExitDamaged, []string{"chk-1 is damaged", filepath.Base(files[0]), "block 0"})
}
