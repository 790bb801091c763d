package run_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/weirstream/weir"
	"github.com/weirstream/weir/flink"
	"github.com/weirstream/weir/run"
)

// programJob is an environment variable. In a process that has it, the test binary runs the
// job of this name as a program.
const programJob = "WEIR_TEST_RUN_JOB"

func program(name string) {
	run.Main(func() (*weir.Job, error) {
		job := weir.NewJob(name)
		weir.To(weir.From(job, "in", weir.Slice(numbers(10)...)), "out", &weir.Collector[int64]{})
		if name == "wrong" {
			weir.From(job, "in", weir.Slice(numbers(10)...))
		}
		return job, nil
	}, func(st run.Status) error {
		fmt.Fprintf(os.Stderr, "%d records\n", st.Records)
		return nil
	}, func(run.Status) error {
		if name == "fails after" {
			return errors.New("boom")
		}
		return nil
	}, func(run.Status) error {
		fmt.Fprintln(os.Stderr, "the last function")
		return nil
	})
}

// TestExitCodesOfMain: what is wrong before the job runs, and what is wrong after it, has an
// exit code; a message names flags, not options.
func TestExitCodesOfMain(t *testing.T) {
	for _, c := range []struct {
		job  string
		args []string
		code int
		says string
	}{
		{"good", nil, run.ExitDone, "10 records\nthe last function"},
		{"fails after", nil, run.ExitFailed, "boom"},
		{"wrong", nil, run.ExitUsage, `two operators are named "in"`},
		{"good", []string{"--parallelism", "0"}, run.ExitUsage, "must be more than 0"},
		{"good", []string{"--parallelism", "-1"}, run.ExitUsage, "parallelism -1"},
		{"good", []string{"more"}, run.ExitUsage, `flags only, not "more"`},
		{"good", []string{"--nosuch"}, run.ExitUsage, "nosuch"},
		{"good", []string{"--help"}, run.ExitDone, "Exit codes:"},
	} {
		code, said := runProgram(t, t.TempDir(), c.job, c.args...)
		if code != c.code || !strings.Contains(said, c.says) || code != run.ExitDone && strings.Contains(said, "the last function") {
			t.Errorf("%s %q: exit code %d, want %d and %q\n%s", c.job, c.args, code, c.code, c.says, said)
		}
	}
}

// runProgram runs the job in dir and returns the exit code and the output of the program.
func runProgram(t *testing.T, dir, job string, args ...string) (code int, said string) {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(exe, append([]string{"--checkpoint-dir", dir, "--parallelism", "1", "--inline-threshold", "0"}, args...)...)
	cmd.Env = append(os.Environ(), programJob+"="+job)
	var errs bytes.Buffer
	cmd.Stderr = &errs
	err = cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return cmd.ProcessState.ExitCode(), errs.String()
}

// TestExitCodesOfFrom: each mistake in --from has its exit code.
func TestExitCodesOfFrom(t *testing.T) {
	dir := t.TempDir()
	if code, said := runProgram(t, dir, "one"); code != run.ExitDone {
		t.Fatalf("exit code %d: %s", code, said)
	}
	jobDir := filepath.Join(dir, flink.JobIDOf("one").String())
	checkpoints, err := filepath.Glob(filepath.Join(jobDir, "chk-*"))
	if err != nil || len(checkpoints) == 0 {
		t.Fatalf("the checkpoints in %s: %q, %v", jobDir, checkpoints, err)
	}
	good := checkpoints[len(checkpoints)-1]
	damaged := filepath.Join(t.TempDir(), "damaged")
	if err := os.CopyFS(damaged, os.DirFS(good)); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(filepath.Join(damaged, "_metadata"), 100); err != nil {
		t.Fatal(err)
	}
	staging := filepath.Join(t.TempDir(), ".inprogress-1.1")
	if err := os.Mkdir(staging, 0o777); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		job, from string
		code      int
		says      string
	}{
		{"one", good, run.ExitDone, ""},
		{"one", filepath.Join(dir, "nowhere"), run.ExitUsage, "look for a checkpoint: "},
		{"one", filepath.Join(good, "_metadata", "x"), run.ExitUsage, "look for a checkpoint: "},
		{"one", jobDir, run.ExitUsage, "is no checkpoint: there is no _metadata in it"},
		{"one", staging, run.ExitUsage, "is a checkpoint that was never completed"},
		{"one", "s3://bucket/chk-1", run.ExitUsage, "only local files can be read, not s3"},
		{"one", damaged, run.ExitDamaged, "is damaged"},
		{"another", good, run.ExitUnfit, "was written by job " + flink.JobIDOf("one").String()},
	} {
		code, said := runProgram(t, dir, c.job, "--from", filepath.ToSlash(c.from))
		if code != c.code || !strings.Contains(said, c.says) {
			t.Errorf("%s, --from %s: exit code %d, want %d\n%s", c.job, c.from, code, c.code, said)
		}
	}
}
