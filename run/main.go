package run

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"

	"golang.org/x/term"

	"github.com/weirstream/weir"
	"github.com/weirstream/weir/checkpoint/store"
	"github.com/weirstream/weir/internal/job"
	"github.com/weirstream/weir/internal/keyed"
)

// The exit codes of a program that calls Main.
const (
	ExitDone    = 0   // the input has ended and everything is visible, or a signal ended it with a final checkpoint
	ExitFailed  = 1   // the job has failed for good
	ExitUsage   = 2   // a flag or the job itself is wrong; nothing was run
	ExitDamaged = 3   // the last checkpoint is damaged; nothing was run
	ExitLocked  = 4   // another process runs the job; nothing was run
	ExitUnfit   = 5   // the checkpoint does not fit the job, or is another job's; nothing was run
	ExitAborted = 130 // a second signal ended the job without a final checkpoint
)

// Main runs a job as a program: it reads flags, shows how far the job is if standard
// error is a terminal, and exits with one of the codes above. SIGINT and SIGTERM end the
// job with a final checkpoint; a second one ends it at once.
//
// Flags of the program itself are defined on flag.CommandLine before Main is called;
// build is called once they have been read. What is given as then is called, in order,
// after the input has ended and everything is visible.
func Main(build func() (*weir.Job, error), then ...func(Status) error) {
	os.Exit(runMain(build, then))
}

func runMain(build func() (*weir.Job, error), then []func(Status) error) int {
	var opts Options
	var level slog.Level
	opts.flags(flag.CommandLine, &level)
	flag.CommandLine.Usage = func() { usage(flag.CommandLine) }
	if err := flag.CommandLine.Parse(os.Args[1:]); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return ExitDone
		}
		return ExitUsage
	}
	if opts.Parallelism == 0 || opts.Retain == 0 || opts.CheckpointInterval == 0 {
		fmt.Fprintln(os.Stderr, "--parallelism, --retain and --checkpoint-interval must be more than 0")
		return ExitUsage
	}
	if flag.NArg() > 0 {
		fmt.Fprintf(os.Stderr, "%s takes flags only, not %q; see --help\n", program(), flag.Arg(0))
		return ExitUsage
	}
	j, err := build()
	if err == nil {
		err = j.Check()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return ExitUsage
	}
	screen := &screen{out: os.Stderr, live: term.IsTerminal(int(os.Stderr.Fd()))}
	opts.Log = slog.New(slog.NewTextHandler(screen, &slog.HandlerOptions{Level: level}))
	opts.Monitor = &Monitor{}

	ctx, stop := signalContext()
	defer stop()
	done := screen.follow(opts.Monitor)
	err = Local(ctx, j, opts)
	done()
	switch {
	case errors.Is(err, ErrStopped):
		screen.say("stopped with checkpoint %d complete; run it again to go on from there", opts.Monitor.Status().LastComplete)
		return ExitDone
	case err != nil:
		fmt.Fprintln(os.Stderr, err)
		return exitCode(err)
	}
	for _, f := range then {
		if err := f(opts.Monitor.Status()); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return ExitFailed
		}
	}
	return ExitDone
}

// exitCode is the one switch from an error to an exit code.
func exitCode(err error) int {
	var (
		damaged      *store.DamagedError
		locked       *store.LockedError
		options      *OptionsError
		nowhere      *store.NoCheckpointError
		another      *store.OtherJobError
		unfit        *job.UnfitError
		incompatible *keyed.IncompatibleError
	)
	switch {
	case errors.As(err, &options), errors.As(err, &nowhere):
		return ExitUsage
	case errors.As(err, &damaged):
		return ExitDamaged
	case errors.As(err, &locked):
		return ExitLocked
	case errors.As(err, &another), errors.As(err, &unfit), errors.As(err, &incompatible):
		return ExitUnfit
	}
	return ExitFailed
}

// signalContext ends with the first SIGINT or SIGTERM; the second ends the process.
func signalContext() (ctx context.Context, stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	go func() {
		for range signals {
			if ctx.Err() != nil {
				fmt.Fprintln(os.Stderr, "\nended without a final checkpoint; the last complete one stays")
				os.Exit(ExitAborted)
			}
			cancel()
		}
	}()
	return ctx, func() {
		signal.Stop(signals)
		close(signals)
		cancel()
	}
}

func program() string { return strings.TrimSuffix(filepath.Base(os.Args[0]), ".exe") }
