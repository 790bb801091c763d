// Command weirsoak kills a job for as long as it is told to, and compares what the job has
// written in the end with what it writes undisturbed.
//
// A round takes the flights example through some dozens of processes. Each is started with
// other options (parallelism, checkpoint interval, retained checkpoints, inline threshold,
// rate) and ends at a random moment: by SIGKILL, by SIGTERM, by SIGTERM and then SIGKILL. In
// every other round the job lives on an ext4 of a few megabytes, which is filled and emptied
// under its feet. After each process every complete checkpoint is verified, byte for byte,
// and the output may hold nothing that the undisturbed run does not have, and nothing twice.
// After the last one, which is left alone, the output must be the same, byte for byte, but for
// the order of lines.
//
// What it can find and what it cannot: a kill leaves the page cache alone, and with it
// everything that was written. So this tests that the output is exactly once whatever is in
// the way of a process. It says nothing about durability: a job that never synced anything
// would pass. What a power cut leaves is the matter of durable/crashfs.
//
// What happens in a round is a value, drawn from the seed (plan.go); the moments at which
// the kernel does it are not, so a seed repeats the plan and not always the difference.
//
//   - plan.go draws a round, round.go carries it out, process.go is one process of it;
//   - disk.go is the disk that runs full, disk_linux.go how there comes to be one;
//   - look.go holds what a process left against what is promised, compare.go the output;
//   - status.go says how far it is, to people and to programs.
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
	exitDifferent = 1 // one has; its directory is kept
	exitFailed    = 2 // usage, or there was no way to do it
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
	flags.DurationVar(&s.duration, "for", 10*time.Minute, "begin new rounds for this `time`; the one that is running then is finished")
	flags.Uint64Var(&s.seed, "seed", 0, "draw the plans from this `number`; 0 takes one from the clock")
	flags.IntVar(&s.first, "round", 1, "begin with the round of this `number`: to repeat one")
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
		fmt.Fprintln(errs, "-for must not be negative, and -round is 1 at the least")
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
	status.end(different, err)
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
output with that of an undisturbed run. It tests exactly-once, and not durability: a kill
keeps the page cache.

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
  1  a difference; the round's directory is kept, and it is said what to look at
  2  wrong usage, or it could not be done

Full disks need Linux, root and loop devices; without them they are left out, with a word.
`)
}

// soak goes through rounds until the time is over. It stops at the first difference.
func soak(ctx context.Context, s settings, st *status) (different bool, err error) {
	fsys := durable.OS()
	if _, err := fsys.Stat(filepath.ToSlash(s.dir)); err == nil {
		return false, fmt.Errorf("%s is there already: it would be removed in the end", s.dir)
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
