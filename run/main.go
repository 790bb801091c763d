package run

import (
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/term"

	"github.com/weirstream/weir"
	"github.com/weirstream/weir/checkpoint/store"
	"github.com/weirstream/weir/internal/job"
	"github.com/weirstream/weir/internal/keyed"
)

// The exit codes of a program that calls Main.
const (
	ExitDone      = 0   // the input has ended and everything is visible, or a signal ended it with a final checkpoint
	ExitFailed    = 1   // the job has failed for good
	ExitUsage     = 2   // a flag or the job itself is wrong; nothing was run
	ExitDamaged   = 3   // the last checkpoint is damaged; nothing was run
	ExitLocked    = 4   // another process runs the job or writes to its output; nothing was run
	ExitUnfit     = 5   // the checkpoint does not fit the job, or belongs to another job; nothing was run
	ExitOldOutput = 6   // there is output of an earlier run, and no checkpoint that goes on from it; nothing was run
	ExitAborted   = 130 // a second Ctrl-C ended the job without a final checkpoint
)

// Main runs a job as a program: it reads flags, shows the progress of the job if standard
// error is a terminal, and exits with one of the codes above. SIGINT, SIGTERM and SIGHUP
// end the job with a final checkpoint. A signal that comes again changes nothing, because
// supervisors may send their signal twice; but a SIGINT a second or more after the first
// signal (Ctrl-C, pressed again) ends the job at once. The job goes on if the reader of
// standard error goes away.
//
// Define flags of the program itself on flag.CommandLine before calling Main. Main calls
// build after it has read the flags. After the input has ended and all output is visible,
// it calls the functions in then, in order.
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
		sayError(err)
		return ExitUsage
	}
	screen := &screen{out: os.Stderr, live: term.IsTerminal(int(os.Stderr.Fd()))}
	opts.Log = slog.New(slog.NewTextHandler(screen, &slog.HandlerOptions{Level: level}))
	opts.Monitor = &Monitor{}

	ctx, stop := signalContext(func() string { return whatIsComplete(opts.Monitor.Status(), opts.From) })
	defer stop()
	done := screen.follow(opts.Monitor)
	err = Local(ctx, j, opts)
	done()
	switch {
	case errors.Is(err, ErrStopped):
		screen.say("stopped; %s", whatIsComplete(opts.Monitor.Status(), opts.From))
		return ExitDone
	case err != nil:
		sayError(err)
		return exitCode(err)
	}
	for _, f := range then {
		if err := f(opts.Monitor.Status()); err != nil {
			sayError(err)
			return ExitFailed
		}
	}
	return ExitDone
}

// whatIsComplete says which checkpoint is complete, after a job has ended that had not read
// all of its input, and how to go on from it.
func whatIsComplete(st Status, from From) string {
	switch {
	case st.Completed == 0 && st.LastComplete == 0:
		return "this run has completed no checkpoint"
	case st.Completed == 0:
		return fmt.Sprintf("this run has completed no checkpoint; it began from checkpoint %d", st.LastComplete)
	case from != Latest:
		return fmt.Sprintf("checkpoint %d is complete; run it again without --from to go on from there", st.LastComplete)
	}
	return fmt.Sprintf("checkpoint %d is complete; run it again to go on from there", st.LastComplete)
}

// sayError writes an error for the person at the command line.
func sayError(err error) { fmt.Fprintln(os.Stderr, inFlags.Replace(err.Error())) }

// exitCode returns the exit code for an error of Local.
func exitCode(err error) int {
	var (
		damaged      *store.DamagedError
		locked       *store.LockedError
		inUse        *weir.OutputInUseError
		old          *weir.OldOutputError
		options      *OptionsError
		misplaced    *job.MisplacedError
		nowhere      *store.NoCheckpointError
		another      *store.OtherJobError
		unfit        *job.UnfitError
		incompatible *keyed.IncompatibleError
	)
	switch {
	case errors.As(err, &options), errors.As(err, &nowhere), errors.As(err, &misplaced):
		return ExitUsage
	case errors.As(err, &damaged):
		return ExitDamaged
	case errors.As(err, &locked), errors.As(err, &inUse):
		return ExitLocked
	case errors.As(err, &another), errors.As(err, &unfit), errors.As(err, &incompatible):
		return ExitUnfit
	case errors.As(err, &old):
		return ExitOldOutput
	}
	return ExitFailed
}

func program() string { return strings.TrimSuffix(filepath.Base(os.Args[0]), ".exe") }
