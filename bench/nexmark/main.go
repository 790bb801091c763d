package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path"
	"path/filepath"
	"runtime/pprof"
	"syscall"
	"time"

	"github.com/weirstream/weir/durable"
)

// The exit codes.
const (
	exitDone    = 0 // everything was measured, or Flink is not there to be measured
	exitFailed  = 1 // a query has failed, or Flink has
	exitUsage   = 2 // a flag is wrong; nothing was run
	exitAborted = 130
)

func main() { os.Exit(command(os.Args[1:], os.Stdout, os.Stderr)) }

func command(args []string, out, errs io.Writer) int {
	var s settings
	flags := flag.NewFlagSet("nexmark", flag.ContinueOnError)
	flags.SetOutput(errs)
	list := flags.String("q", "all", "the `queries`: all, or a list such as q0,q5")
	flags.Int64Var(&s.Events, "events", 10_000_000, "measure over so many `events`")
	flags.IntVar(&s.Parallelism, "p", 2, "the `parallelism` of the jobs")
	flags.IntVar(&s.Repeat, "repeat", 3, "run each query so many `times`, in turn with and without checkpoints, or with Weir and Flink")
	flags.Float64Var(&s.Rate, "rate", 100_000, "measure latencies at so many `events` per second; 0: do not measure them")
	flags.DurationVar(&s.For, "for", 5*time.Second, "measure latencies for this `time`")
	flags.StringVar(&s.Dir, "dir", "", "keep checkpoints in this `directory`, and remove them; default: one for temporary files")
	asJSON := flags.Bool("json", false, "write JSON, one object per query")
	withFlink := flags.Bool("flink", false, "run each query with Weir and with Flink, in turns, and compare; needs Java 17 and Maven")
	here := flags.Bool("here", false, "measure in this process, and not in one for each query: for profiles")
	profile := flags.String("cpuprofile", "", "with -here, write a profile to this `file`")
	flags.Usage = func() { help(flags) }
	err := flags.Parse(args)
	switch {
	case errors.Is(err, flag.ErrHelp):
		return exitDone
	case err != nil:
		return exitUsage
	}
	chosen, err := chosen(*list, *withFlink)
	switch {
	case err != nil:
	case flags.NArg() > 0:
		err = fmt.Errorf("flags only are taken, not %q", flags.Arg(0))
	case s.Events < 1 || s.Parallelism < 1 || s.Repeat < 1 || s.Rate < 0 || s.For <= 0:
		err = errors.New("-events, -p, -repeat and -for must be positive, and -rate not negative")
	case *profile != "" && !*here:
		err = errors.New("-cpuprofile needs -here")
	}
	if err != nil {
		fmt.Fprintf(errs, "nexmark: %v; see --help\n", err)
		return exitUsage
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if s.Dir == "" {
		s.Dir = filepath.ToSlash(filepath.Join(os.TempDir(), fmt.Sprintf("nexmark-%d", os.Getpid())))
		defer func() { _ = durable.RemoveTree(durable.OS(), s.Dir) }() // what is left is in a temporary folder
	}
	if err := durable.MkdirAll(durable.OS(), s.Dir); err != nil {
		fmt.Fprintf(errs, "nexmark: %v\n", err)
		return exitFailed
	}
	if *profile != "" {
		end, err := profileTo(*profile)
		if err != nil {
			fmt.Fprintf(errs, "nexmark: %v\n", err)
			return exitFailed
		}
		defer func() {
			if err := end(); err != nil {
				fmt.Fprintf(errs, "nexmark: write the profile: %v\n", err)
			}
		}()
	}
	r := &report{out: out, errs: errs, json: *asJSON}
	switch {
	case *withFlink:
		err = compare(ctx, chosen, s, r)
	default:
		err = measureAll(ctx, chosen, s, *here, r)
	}
	switch {
	case ctx.Err() != nil:
		return exitAborted
	case err != nil:
		fmt.Fprintf(errs, "nexmark: %v\n", err)
		return exitFailed
	}
	return exitDone
}

// measureAll measures queries with Weir.
func measureAll(ctx context.Context, chosen []entry, s settings, here bool, r *report) error {
	how := apart
	if here {
		how = measure
	}
	for _, q := range chosen {
		r.begin(q.name)
		f, err := how(ctx, q, s)
		if err != nil {
			return err
		}
		r.figures(f)
	}
	return r.end()
}

// profileTo begins a profile, and returns what ends it.
func profileTo(file string) (end func() error, err error) {
	f, err := durable.OS().Create(path.Clean(filepath.ToSlash(file)))
	if err != nil {
		return nil, fmt.Errorf("profile: %w", err)
	}
	if err := pprof.StartCPUProfile(f); err != nil {
		return nil, err
	}
	return func() error {
		pprof.StopCPUProfile()
		return f.Close()
	}, nil
}

func help(flags *flag.FlagSet) {
	fmt.Fprint(flags.Output(), `nexmark measures Weir with the queries of Nexmark, each in a process of its own: events per
second with a checkpoint every second, what the checkpoints cost, latency from an event to
its row at a fixed rate, and memory. With -flink it runs Flink beside it, over the same events.

Use a quiet machine.

Usage:
  nexmark [flags]

Examples:
  go run ./bench/nexmark                              all queries over ten million events
  go run ./bench/nexmark -q q0,q5 -events 1000000     two of them
  go run ./bench/nexmark -json > figures.json         an object per query
  go run ./bench/nexmark -flink                       beside Flink
  go run ./bench/nexmark -here -q q3 -rate 0 -cpuprofile q3.prof

Exit codes:
  0    everything was measured; with -flink also if there is no Java or Maven
  1    a query has failed
  2    a flag is wrong; nothing was run
  130  aborted by a signal

Flags:
`)
	flags.PrintDefaults()
	fmt.Fprintln(flags.Output(), "\nQueries:")
	for _, q := range queries {
		fmt.Fprintf(flags.Output(), "  %-4s %s\n", q.name, q.what)
	}
}
