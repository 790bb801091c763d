package run_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/weirstream/weir"
	"github.com/weirstream/weir/checkpoint"
	"github.com/weirstream/weir/connector/ratelimit"
	"github.com/weirstream/weir/run"
)

// programs has, by environment variable, the program that the test binary runs if the variable
// is set.
var programs = map[string]func(arg string){programJob: program}

// The test binary is also the program whose system calls are traced, and those of other tests.
func TestMain(m *testing.M) {
	for env, program := range programs {
		if arg := os.Getenv(env); arg != "" {
			program(arg)
		}
	}
	if dir := os.Getenv("WEIR_STRACED_IN"); dir != "" {
		straced(dir)
		return
	}
	os.Exit(m.Run())
}

// straced runs a job whose checkpoints have two state files: the positions of its source and
// the prepared output of its sink. It stops after five checkpoints.
func straced(dir string) {
	ctx, stop := context.WithCancel(context.Background())
	monitor := &run.Monitor{}
	job := weir.NewJob("straced")
	in := weir.From(job, "in", ratelimit.Source(weir.Slice(numbers(1e6)...), 1000))
	weir.To(weir.Map(in, func(n int64) (int64, error) {
		if monitor.Status().Completed >= 5 {
			stop()
		}
		return n, nil
	}), "out", weir.Sink[int64](ready{}))
	err := run.Local(ctx, job, run.Options{
		CheckpointDir: dir, CheckpointInterval: 50 * time.Millisecond, Parallelism: 1, Retain: 1,
		InlineThreshold: -1, Log: slog.New(slog.DiscardHandler), Monitor: monitor,
	})
	if !errors.Is(err, run.ErrStopped) {
		os.Stderr.WriteString(fmt.Sprint(err))
		os.Exit(1)
	}
}

// ready is a sink that always prepares something, also if no record has come since the last
// checkpoint.
type ready struct{}

func (ready) Open(context.Context, weir.SinkContext) (weir.Writer[int64], error) { return ready{}, nil }
func (ready) Commit(context.Context, [][]byte) error                             { return nil }
func (ready) Abort(context.Context, weir.SinkID) error                           { return nil }
func (ready) Write(context.Context, []int64) error                               { return nil }
func (ready) Prepare(context.Context, checkpoint.ID) ([]byte, error)             { return []byte("prepared"), nil }
func (ready) Close() error                                                       { return nil }

// An operation of a real process, in the words of durable/logfs.
type operation struct {
	verb, name, to string
	begun, ended   int // lines of the trace
}

// TestRealSystemCalls compares the system calls of a real process with the order that is
// pinned for the store. It checks that no sync is missing, and that nothing is deleted before
// the last sync of a directory.
func TestRealSystemCalls(t *testing.T) {
	strace, err := exec.LookPath("strace")
	if err != nil {
		t.Skip("strace is not installed")
	}
	dir, err := filepath.EvalSymlinks(t.TempDir()) // strace writes paths of descriptors so
	if err != nil {
		t.Fatal(err)
	}
	trace := filepath.Join(t.TempDir(), "trace")
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(strace, "-f", "-y", "-s", "0", "-o", trace,
		"-e", "trace=openat,write,pwrite64,fsync,fdatasync,close,mkdirat,mkdir,rename,renameat,renameat2,unlink,unlinkat,rmdir", exe)
	cmd.Env = append(os.Environ(), "WEIR_STRACED_IN="+dir)
	if out, err := cmd.CombinedOutput(); err != nil {
		if strings.Contains(string(out), "ptrace") {
			t.Skipf("strace may not trace here: %s", out)
		}
		t.Fatalf("%v\n%s", err, out)
	}
	text, err := os.ReadFile(trace)
	if err != nil {
		t.Fatal(err)
	}
	ops := below(dir, parseTrace(t, string(text)))
	cycles := splitCycles(ops)
	if len(cycles) < 5 {
		t.Fatalf("%d checkpoints in the trace, want at least 5", len(cycles))
	}
	want := pinned(t)
	for i, cycle := range cycles {
		if i == 0 {
			continue // it retires nothing
		}
		got := inWords(cycle)
		if !slices.Equal(got, want) {
			t.Fatalf("checkpoint %d: the operations are\n%s\nand should be\n%s", i+1, strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
		// A call that changes names must not begin before the calls before it have ended.
		for j, op := range cycle {
			if op.verb != "rename" && op.verb != "remove" {
				continue
			}
			for _, earlier := range cycle[:j] {
				if op.begun < earlier.ended {
					t.Errorf("checkpoint %d: %s %s has begun before %s %s had ended", i+1, op.verb, op.name, earlier.verb, earlier.name)
				}
			}
		}
	}
}

var (
	finished   = regexp.MustCompile(`^(\d+) +(\w+)\((.*)\) += (-?\d+)(<.*>)?( E\w+ .*)?$`)
	unfinished = regexp.MustCompile(`^(\d+) +(\w+)\((.*) <unfinished \.\.\.>$`)
	resumed    = regexp.MustCompile(`^(\d+) +<\.\.\. (\w+) resumed>(.*)$`)
	fdPath     = regexp.MustCompile(`^\d+<(.*?)>`)
	quoted     = regexp.MustCompile(`"([^"]*)"`)
)

// parseTrace reads the output of strace -f -y.
func parseTrace(t *testing.T, text string) (ops []operation) {
	open := make(map[string]string) // thread → the beginning of its unfinished call
	begun := make(map[string]int)
	for n, line := range strings.Split(text, "\n") {
		if m := unfinished.FindStringSubmatch(line); m != nil {
			open[m[1]], begun[m[1]] = m[2]+"("+m[3], n
			continue
		}
		start := n
		if m := resumed.FindStringSubmatch(line); m != nil {
			line, start = m[1]+" "+open[m[1]]+m[3], begun[m[1]]
		}
		m := finished.FindStringSubmatch(line)
		if m == nil || m[6] != "" {
			continue // exits, signals, and calls that failed
		}
		if op, ok := readCall(m[2], m[3], m[5]); ok {
			op.begun, op.ended = start, n
			ops = append(ops, op)
		}
	}
	return ops
}

// readCall turns a system call into an operation.
func readCall(call, args, result string) (operation, bool) {
	var names []string
	for _, m := range quoted.FindAllStringSubmatch(args, -1) {
		names = append(names, m[1])
	}
	fd := ""
	if m := fdPath.FindStringSubmatch(args); m != nil {
		fd = strings.TrimSuffix(m[1], "(deleted)")
	}
	switch call {
	case "openat":
		if strings.Contains(args, "O_CREAT") {
			return operation{verb: "create", name: names[0]}, true
		}
	case "write", "pwrite64":
		return operation{verb: "write", name: fd}, true
	case "fsync", "fdatasync":
		return operation{verb: "sync", name: fd}, true
	case "mkdirat", "mkdir":
		return operation{verb: "mkdir", name: names[0]}, true
	case "rename", "renameat", "renameat2":
		return operation{verb: "rename", name: names[0], to: names[1]}, true
	case "unlinkat", "unlink", "rmdir":
		return operation{verb: "remove", name: names[0]}, true
	}
	return operation{}, false
}

// below keeps the operations below the job's directory, with names relative to it.
func below(dir string, ops []operation) (kept []operation) {
	for _, op := range ops {
		rest, ok := strings.CutPrefix(op.name, dir+"/")
		if !ok || path.Base(rest) == ".lock" {
			continue
		}
		_, op.name, _ = strings.Cut(rest, "/") // the job id
		if op.to != "" {
			_, op.to, _ = strings.Cut(strings.TrimPrefix(op.to, dir+"/"), "/")
		}
		kept = append(kept, op)
	}
	return kept
}

var numbered = regexp.MustCompile(`^(?:\.inprogress-|\.trash-|chk-)(\d+)`)

// splitCycles sorts operations by the checkpoint they belong to: the one in the name, or the
// one after it, as checkpoint n retires n-1. A sync of the job's directory belongs to the
// rename before it. Operations before the first checkpoint belong to the start of the job.
func splitCycles(ops []operation) (cycles [][]operation) {
	renamed := 0
	for _, op := range ops {
		n := renamed
		if m := numbered.FindStringSubmatch(op.name); m != nil {
			n, _ = strconv.Atoi(m[1])
			if !strings.HasPrefix(op.name, ".inprogress-") {
				n++
			}
			if op.verb == "rename" && strings.HasPrefix(op.to, "chk-") {
				renamed = n
			}
		}
		if n == 0 {
			continue
		}
		for len(cycles) < n {
			cycles = append(cycles, nil)
		}
		cycles[n-1] = append(cycles[n-1], op)
	}
	// The last checkpoint retires the one before it, and nothing retires the last.
	return cycles
}

// inWords returns the operations of a cycle in the form in which they are compared: without
// numbers and random names, and with several writes to one file as one. The sync of the
// metadata and that of the staging directory run at the same time; they are put in the pinned
// order.
func inWords(cycle []operation) (lines []string) {
	for _, op := range cycle {
		line := op.verb + " " + anonymous(op.name)
		if op.to != "" {
			line += " -> " + anonymous(op.to)
		}
		if op.verb == "write" && len(lines) > 0 && lines[len(lines)-1] == line {
			continue
		}
		lines = append(lines, line)
	}
	meta, staging := slices.Index(lines, "sync STAGING/_metadata"), slices.Index(lines, "sync STAGING")
	if meta == staging+1 {
		lines[meta], lines[staging] = lines[staging], lines[meta]
	}
	return lines
}

var (
	staging = regexp.MustCompile(`^\.inprogress-\d+\.\d+`)
	trash   = regexp.MustCompile(`^\.trash-\d+`)
	final   = regexp.MustCompile(`^chk-\d+`)
	state   = regexp.MustCompile(`/([0-9a-f]{8}-[0-9a-f-]{27}|\d+-uuid)$`)
)

func anonymous(name string) string {
	name = staging.ReplaceAllString(name, "STAGING")
	name = trash.ReplaceAllString(name, "TRASH")
	name = final.ReplaceAllString(name, "CHK")
	name = state.ReplaceAllString(name, "/STATE")
	if name == "" {
		return "JOB"
	}
	return name
}

// pinned returns the order in checkpoint/store/testdata/cycle.txt, in the same form.
func pinned(t *testing.T) (lines []string) {
	b, err := os.ReadFile(filepath.FromSlash("../checkpoint/store/testdata/cycle.txt"))
	if err != nil {
		t.Fatal(err)
	}
	const job = "disk/made/for/it/<job>"
	for line := range strings.Lines(string(b)) {
		fields := strings.Fields(line)
		if fields[0] == "#" || fields[0] == "close" {
			continue
		}
		strip := func(s string) string { return anonymous(strings.TrimPrefix(strings.TrimPrefix(s, job), "/")) }
		out := strings.TrimSuffix(fields[0], "-dir") + " " + strip(fields[1])
		if fields[0] == "rename" {
			out += " -> " + strip(fields[3])
		}
		lines = append(lines, out)
	}
	return lines
}
