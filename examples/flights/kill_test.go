package main

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// The test binary can also run as the program: a real process to kill.
func TestMain(m *testing.M) {
	switch os.Getenv("FLIGHTS_RUN_MAIN") {
	case "":
		os.Exit(m.Run())
	case "four checkpoints":
		fourCheckpoints()
	default:
		main()
	}
}

// flightsCommand returns a command that runs the program in dir.
func flightsCommand(t *testing.T, dir string, args ...string) *exec.Cmd {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(exe, args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "FLIGHTS_RUN_MAIN=1")
	return cmd
}

// output returns the lines of the output, sorted.
func output(t *testing.T, dir string) []string {
	t.Helper()
	parts, err := filepath.Glob(filepath.Join(dir, "weir-data/flights/out/part-*"))
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for _, p := range parts {
		b, err := os.ReadFile(p)
		if err != nil {
			t.Fatal(err)
		}
		lines = append(lines, strings.SplitAfter(string(b), "\n")...)
	}
	slices.Sort(lines)
	return slices.DeleteFunc(lines, func(l string) bool { return l == "" })
}

// undisturbed runs the program from beginning to end and returns its sorted output.
func undisturbed(t *testing.T) []string {
	t.Helper()
	dir := t.TempDir()
	if b, err := flightsCommand(t, dir, "--parallelism", "1").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, b)
	}
	lines := output(t, dir)
	if len(lines) != 20000 {
		t.Fatalf("%d lines of output, want 20000", len(lines))
	}
	return lines
}

// A program that is killed at random moments, and started again each time at another
// parallelism, writes what an undisturbed one writes, byte for byte.
//
// A kill leaves the page cache alone, so this says nothing about power cuts; durable/crashfs
// tests those.
func TestKilledAtRandomMoments(t *testing.T) {
	kills := 50
	if testing.Short() {
		kills = 12
	}
	want := undisturbed(t)
	seed := uint64(time.Now().UnixNano())
	if s := os.Getenv("FLIGHTS_SEED"); s != "" {
		var err error
		if seed, err = strconv.ParseUint(s, 10, 64); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("seed %d (repeat with FLIGHTS_SEED=%d)", seed, seed)
	rnd := rand.New(rand.NewPCG(seed, 0))
	dir := t.TempDir()
	args := func() []string {
		return []string{
			"--rate", "4000", "--checkpoint-interval", "100ms",
			"--parallelism", strconv.Itoa([]int{1, 2, 4}[rnd.IntN(3)]),
			"--inline-threshold", []string{"0", "20KiB"}[rnd.IntN(2)],
		}
	}
	killed, ended := 0, 0
	for killed < kills {
		cmd := flightsCommand(t, dir, args()...)
		var out bytes.Buffer
		cmd.Stdout, cmd.Stderr = &out, &out
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		time.AfterFunc(time.Duration(rnd.IntN(300))*time.Millisecond, func() { cmd.Process.Kill() })
		err := cmd.Wait()
		var exit *exec.ExitError
		switch {
		case err == nil:
			// All input was read before the kill came. The processes that are still to be
			// killed find nothing to do; killing them must do no harm either.
			ended++
		case !errors.As(err, &exit) || exit.ExitCode() != -1:
			t.Fatalf("after %d kills: %v\n%s", killed, err, out.Bytes())
		}
		killed++
	}
	if ended > kills/2 {
		t.Fatalf("only %d of %d runs were killed", kills-ended, kills)
	}
	if b, err := flightsCommand(t, dir, "--parallelism", "2").CombinedOutput(); err != nil {
		t.Fatalf("the last run: %v\n%s", err, b)
	}
	got := output(t, dir)
	if !slices.Equal(got, want) {
		t.Fatalf("the output of %d killed runs differs: %d lines, want %d; %s", kills, len(got), len(want), firstDifference(got, want))
	}
	hidden, err := filepath.Glob(filepath.Join(dir, "weir-data/flights/out/.*"))
	if err != nil || len(hidden) > 0 {
		t.Errorf("not removed: %q %v", hidden, err)
	}
}

func firstDifference(got, want []string) string {
	for i := range min(len(got), len(want)) {
		if got[i] != want[i] {
			return "first difference:\n got " + got[i] + "want " + want[i]
		}
	}
	return "one is the beginning of the other"
}
