// Command weirsoak kills a job again and again for a given time, and compares the output in
// the end with that of an undisturbed run.
//
// A round runs the flights example in some dozens of processes, one after the other. Each
// has other options (parallelism, checkpoint interval, retained checkpoints, inline
// threshold, rate) and ends at a random moment: by SIGKILL, by SIGTERM, or by SIGTERM and
// then SIGKILL. In half of the rounds the job runs on an ext4 of a few megabytes, which
// weirsoak fills and empties meanwhile. After each process weirsoak verifies every complete
// checkpoint, byte for byte, and checks that the output has no line that the undisturbed run
// does not have, and none twice. The last process is left alone. After it the output must be
// the same, byte for byte, except for the order of lines.
//
// A kill leaves the page cache alone, and with it everything that was written. So this tests
// that output is exactly once, even if processes are killed and disks are full. It does not
// test durability: a job that never synced anything would pass. Package durable/crashfs
// tests power cuts.
//
// The plan of a round is drawn from the seed (plan.go). The moments at which the kernel
// carries it out are not, so a seed repeats the plan, but not always the difference.
//
//   - plan.go draws a round, round.go carries it out, process.go runs one process of it;
//   - disk.go is the disk that runs full, disk_linux.go makes and mounts it;
//   - look.go checks what a process has left, compare.go compares the output;
//   - status.go shows the progress, as text or as JSON.
//
// It touches files through package durable, and processes and mounts through package
// os/exec. It imports checkpoint, checkpoint/store and durable.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"github.com/weirstream/weir/durable"
)

// The exit codes.
const (
	exitSame      = 0 // no round has found a difference
	exitDifferent = 1 // a round has; its directory is kept
	exitFailed    = 2 // wrong usage, or weirsoak itself has failed
)

func main() { os.Exit(command(os.Args[1:], os.Stdout, os.Stderr)) }

// settings are the flags.
type settings struct {
	duration time.Duration
	seed     uint64
	first    int
	program  string
	dir      string
	json     bool
}

func command(args []string, out, errs io.Writer) int {
	var s settings
	flags := flag.NewFlagSet("weirsoak", flag.ContinueOnError)
	flags.SetOutput(errs)
	flags.DurationVar(&s.duration, "for", 10*time.Minute, "begin new rounds for this `time`; then finish the one that is running")
	flags.Uint64Var(&s.seed, "seed", 0, "draw the plans from this `number`; 0 takes one from the clock")
	flags.IntVar(&s.first, "round", 1, "begin with the round of this `number`, to repeat it")
	flags.StringVar(&s.program, "program", "", "run this `file` instead of building the flights example")
	flags.StringVar(&s.dir, "dir", "", "work in this `directory`, which must not be there; default: a new one for temporary files")
	flags.BoolVar(&s.json, "json", false, "write JSON, one object a line, see docs/cli-json.md")
	flags.Usage = func() { usage(flags) }
	err := flags.Parse(args)
	switch {
	case errors.Is(err, flag.ErrHelp):
		return exitSame
	case err != nil:
		return exitFailed
	case flags.NArg() > 0:
		fmt.Fprintf(errs, "weirsoak takes flags only, not %q; see --help\n", flags.Arg(0))
		return exitFailed
	case s.duration < 0 || s.first < 1:
		fmt.Fprintln(errs, "-for must not be negative, and -round must be at least 1")
		return exitFailed
	}
	if s.seed == 0 {
		s.seed = uint64(time.Now().UnixNano())
	}
	if s.dir == "" {
		s.dir = filepath.Join(os.TempDir(), fmt.Sprintf("weirsoak-%d-%d", s.seed, os.Getpid()))
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // the second signal ends the process at once
	defer stop()
	status := newStatus(out, s)
	different, err := soak(ctx, s, status)
	err = errors.Join(err, status.end(different, err))
	switch {
	case err != nil:
		fmt.Fprintf(errs, "weirsoak: %v\n", err)
		return exitFailed
	case different:
		return exitDifferent
	}
	return exitSame
}

func usage(flags *flag.FlagSet) {
	w := flags.Output()
	fmt.Fprint(w, `weirsoak kills the flights example at random moments, again and again, and compares its
output with that of an undisturbed run. It tests exactly-once, and not durability: the page
cache survives a kill.

Usage:
  weirsoak [flags]

Examples:
  go run ./cmd/weirsoak -for 10m                  rounds for ten minutes
  go run ./cmd/weirsoak -seed 7 -round 3 -for 0s  the third round of seed 7, once more

Flags:
`)
	flags.VisitAll(func(f *flag.Flag) {
		name, text := flag.UnquoteUsage(f)
		fmt.Fprintf(w, "  -%-16s %s\n", f.Name+" "+name, text)
	})
	fmt.Fprint(w, `
Exit codes:
  0  no difference
  1  a difference; the round's directory is kept, and the output says what to look at
  2  wrong usage, or weirsoak itself has failed

Full disks need Linux, root and loop devices. Without these there are none, and the output
says so.
`)
}

// soak carries out rounds until the time is over. It stops at the first difference.
func soak(ctx context.Context, s settings, st *status) (different bool, err error) {
	fsys := durable.OS()
	if _, err := fsys.Stat(filepath.ToSlash(s.dir)); err == nil {
		return false, fmt.Errorf("%s is there already, and would be removed in the end: name a new directory", s.dir)
	}
	if err := durable.MkdirAll(fsys, filepath.ToSlash(s.dir)); err != nil {
		return false, err
	}
	defer func() {
		if !different {
			err = errors.Join(err, durable.RemoveTree(fsys, filepath.ToSlash(s.dir)))
		}
	}()
	deadline := time.Now().Add(s.duration)
	p, err := prepare(ctx, s)
	if err != nil {
		return false, err
	}
	if why := noSmallDisk(); why != "" {
		st.say("no full disks: %s", why)
		p.noSmallDisk = true
	}
	for n := s.first; ; n++ {
		res, err := p.carryOut(ctx, drawRound(s.seed, n), filepath.Join(s.dir, fmt.Sprintf("round-%d", n)), st)
		if err != nil {
			return false, fmt.Errorf("round %d: %w", n, err)
		}
		st.round(n, res)
		if res.difference != "" {
			return true, nil
		}
		if ctx.Err() != nil || !time.Now().Before(deadline) {
			return false, nil
		}
	}
}
