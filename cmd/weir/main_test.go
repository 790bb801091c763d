package main

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/weirstream/weir/durable"
	"github.com/weirstream/weir/flink"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"weir": main, "mkjob": mkjob, "mkflink": mkflink})
}

// TestScripts runs testdata/script: what each verb says and how it ends. Beside the
// commands of testscript there are
//
//	mkjob, mkflink                make checkpoints, see job_test.go
//	exits CODE CMD ARG…           run a command that ends with this exit code
//	job VAR NAME                  VAR is the id of the job NAME
//	statefile VAR DIR N           VAR is the name of the Nth largest state file in DIR
//	flip FILE OFFSET              change a byte; a negative offset is from the end
//	cutoff FILE N                 drop the last N bytes
//	settime TIME PATH…            set when files were changed
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: filepath.Join("testdata", "script"),
		Setup: func(env *testscript.Env) error {
			env.Setenv("TZ", "UTC")
			return nil
		},
		Cmds: map[string]func(ts *testscript.TestScript, neg bool, args []string){
			"job": func(ts *testscript.TestScript, _ bool, args []string) {
				ts.Setenv(args[0], flink.JobIDOf(args[1]).String())
			},
			"exits":     exits,
			"statefile": statefile,
			"flip":      flip,
			"cutoff":    cutoff,
			"settime":   settime,
		},
	})
}

func exits(ts *testscript.TestScript, _ bool, args []string) {
	have := "0"
	var exit *exec.ExitError
	if err := ts.Exec(args[1], args[2:]...); errors.As(err, &exit) {
		have = strconv.Itoa(exit.ExitCode())
	} else {
		ts.Check(err)
	}
	if have != args[0] {
		ts.Fatalf("it ended with exit code %s", have)
	}
}

func statefile(ts *testscript.TestScript, _ bool, args []string) {
	n, err := strconv.Atoi(args[2])
	ts.Check(err)
	listing, err := os.ReadDir(ts.MkAbs(args[1]))
	ts.Check(err)
	var names []string
	size := map[string]int64{}
	for _, e := range listing {
		fi, err := e.Info()
		ts.Check(err)
		if e.Name() != "_metadata" {
			names = append(names, e.Name())
			size[e.Name()] = fi.Size()
		}
	}
	slices.SortFunc(names, func(a, b string) int { return int(size[b] - size[a]) })
	if n > len(names) {
		ts.Fatalf("there are %d state files in %s", len(names), args[1])
	}
	ts.Setenv(args[0], names[n-1])
}

func flip(ts *testscript.TestScript, _ bool, args []string) {
	off, err := strconv.Atoi(args[1])
	ts.Check(err)
	data, err := os.ReadFile(ts.MkAbs(args[0]))
	ts.Check(err)
	if off < 0 {
		off += len(data)
	}
	data[off] ^= 0x40
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), data, 0o666))
}

func cutoff(ts *testscript.TestScript, _ bool, args []string) {
	n, err := strconv.Atoi(args[1])
	ts.Check(err)
	data, err := os.ReadFile(ts.MkAbs(args[0]))
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), data[:len(data)-n], 0o666))
}

func settime(ts *testscript.TestScript, _ bool, args []string) {
	at, err := time.Parse(time.RFC3339, args[0])
	ts.Check(err)
	for _, pattern := range args[1:] {
		files, err := filepath.Glob(ts.MkAbs(pattern))
		ts.Check(err)
		for _, file := range files {
			ts.Check(os.Chtimes(file, at, at))
		}
	}
}

// run runs a command line in this process.
func run(args ...string) (stdout, stderr string, code int) { return runOn(durable.OS(), args...) }

func runOn(fsys durable.FS, args ...string) (stdout, stderr string, code int) {
	var out, errs strings.Builder
	code = execute(fsys, args, newPipe(&out), newPipe(&errs))
	return out.String(), errs.String(), code
}

// lines parts text into lines.
func lines(text string) []string {
	text = strings.TrimSuffix(text, "\n")
	if text == "" {
		return nil
	}
	return strings.Split(text, "\n")
}
