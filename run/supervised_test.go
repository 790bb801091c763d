//go:build unix

package run_test

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/weirstream/weir"
	"github.com/weirstream/weir/connector/file"
	"github.com/weirstream/weir/run"
)

// followJob is an environment variable. A process that has it follows the folder of this name,
// and writes what it reads to the folder "out" beside it.
const followJob = "WEIR_TEST_FOLLOW"

func init() { programs[followJob] = follow }

func follow(dir string) {
	run.Main(func() (*weir.Job, error) {
		job := weir.NewJob("follow")
		// A line on standard output says that the line of the input was read.
		seen := weir.Map(weir.From(job, "in", file.Lines(dir, file.Follow())), func(line string) (string, error) {
			fmt.Println(line)
			return line, nil
		})
		weir.To(seen, "out", file.LinesSink(filepath.Join(filepath.Dir(dir), "out")))
		return job, nil
	})
}

// startFollowing starts a program that follows a folder with one line in it, and returns once
// the program has read the line. A line of seen says that another one was read. wrap is a
// command that runs the program.
func startFollowing(t *testing.T, stderr io.Writer, wrap ...string) (cmd *exec.Cmd, dir string, seen *bufio.Reader) {
	t.Helper()
	dir = t.TempDir()
	in := filepath.Join(dir, "in")
	if err := errors.Join(os.Mkdir(in, 0o777), os.WriteFile(filepath.Join(in, "a"), []byte("line\n"), 0o666)); err != nil {
		t.Fatal(err)
	}
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	args := append(wrap, exe, "--checkpoint-dir", filepath.Join(dir, "data"), "--parallelism", "2", "--checkpoint-interval", "1h", "--log-level", "info")
	cmd = exec.Command(args[0], args[1:]...)
	cmd.Env = append(os.Environ(), followJob+"="+in)
	cmd.Stderr = stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill() })
	seen = bufio.NewReader(out)
	if line, err := seen.ReadString('\n'); err != nil {
		t.Fatalf("the line does not come: %q, %v", line, err)
	}
	return cmd, dir, seen
}

func visible(t *testing.T, dir string) string {
	t.Helper()
	parts, err := filepath.Glob(filepath.Join(dir, "out", "part-*"))
	if err != nil {
		t.Fatal(err)
	}
	var all strings.Builder
	for _, p := range parts {
		b, err := os.ReadFile(p)
		if err != nil {
			t.Fatal(err)
		}
		all.Write(b)
	}
	return all.String()
}

// If a signal comes twice or more, as GNU timeout and supervisors send it, the final checkpoint
// is taken all the same.
func TestSignalsThatAreRepeated(t *testing.T) {
	for _, signals := range [][]syscall.Signal{
		{syscall.SIGTERM, syscall.SIGTERM, syscall.SIGTERM},
		{syscall.SIGINT, syscall.SIGINT},
		{syscall.SIGHUP, syscall.SIGTERM},
	} {
		var errs bytes.Buffer
		cmd, dir, _ := startFollowing(t, &errs)
		for _, s := range signals {
			if err := cmd.Process.Signal(s); err != nil {
				t.Fatal(err)
			}
		}
		if err := cmd.Wait(); err != nil || visible(t, dir) != "line\n" {
			t.Errorf("%v: %v, visible: %q\n%s", signals, err, visible(t, dir), errs.String())
		}
	}
}

// If the reader of standard error goes away, the job goes on, and takes its final checkpoint at
// the end.
func TestReaderOfStandardErrorGoesAway(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd, dir, _ := startFollowing(t, w)
	w.Close()
	r.Close()
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err != nil || visible(t, dir) != "line\n" {
		t.Errorf("%v, visible: %q", err, visible(t, dir))
	}
}

// Signals of a terminal that were ignored when the program was started, as by nohup or for a
// program in the background of a shell, do not end it.
func TestSignalsThatAreIgnored(t *testing.T) {
	var errs bytes.Buffer
	cmd, dir, seen := startFollowing(t, &errs, "sh", "-c", `trap "" INT HUP; exec "$@"`, "sh")
	for _, s := range []syscall.Signal{syscall.SIGINT, syscall.SIGHUP} {
		if err := cmd.Process.Signal(s); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "in", "b"), []byte("another\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	if line, err := seen.ReadString('\n'); line != "another\n" {
		t.Errorf("after the signals it reads %q, %v\n%s", line, err, errs.String())
	}
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err != nil || !strings.Contains(visible(t, dir), "another\n") {
		t.Errorf("%v, visible: %q", err, visible(t, dir))
	}
}
