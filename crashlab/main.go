// Command crashlab cuts the power of real file systems.
//
// It puts ext4, XFS and Btrfs on a disk that records every write and every flush. Workloads
// make checkpoints there. Then it mounts what the disk may have held at each moment: is the
// checkpoint that had been reported complete still there, and whole? The workloads are
// Weir's own store, a whole job, and, to prove that the bench would see a loss, the
// sequences of system calls of FLINK-36421.
//
// README.md says how it works and what each number means.
package main

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/weirstream/weir/crashlab/lab"
	"github.com/weirstream/weir/crashlab/loopmount"
	"github.com/weirstream/weir/crashlab/workload"
)

// The exit codes.
const (
	exitGood        = 0
	exitBad         = 1
	exitUsage       = 2
	exitCannot      = 3
	exitInterrupted = 130
)

const usage = `crashlab cuts the power of real file systems under Weir's checkpoints.

Usage:
  crashlab [flags]

Examples:
  crashlab -fs ext4 -images 60 -quick               the small run, about a minute
  crashlab -fs ext4,xfs,btrfs -images 300           the most common file systems
  crashlab -fs all -images 300 -json > out.jsonl    all file systems
  crashlab -fs btrfs -workload store-1 -keep bad    keep images on which something is wrong

File systems:
  %s

Workloads:
%s
Flags:
`

const exits = `
Exit codes:
  0    all results are as expected
  1    Weir's promise is broken on a file system that can keep it; or the bench has not
       seen the losses of a sequence that is known to be broken; or the bench has failed
  2    a flag is wrong
  3    this machine cannot run it (it needs root, /dev/fuse, loop devices and the mkfs of
       each file system); the output says what is missing
  130  interrupted
`

// settings are the values of the flags.
type settings struct {
	lab.Options
	json bool
}

func parse(args []string) (s settings, err error) {
	fs := flag.NewFlagSet("crashlab", flag.ContinueOnError)
	fs.SetOutput(os.Stderr)
	systems := fs.String("fs", "ext4", "file systems, separated by commas, or all")
	workloads := fs.String("workload", "all", "workloads, separated by commas, or all")
	fs.IntVar(&s.Images, "images", 300, "power cuts for each file system and workload: two thirds after every write, the rest reorderings")
	fs.Uint64Var(&s.Seed, "seed", 1, "draws the reorderings")
	fs.DurationVar(&s.Settle, "settle", 75*time.Second, "how long to go on recording after the last checkpoint, so that write-back can end")
	fs.IntVar(&s.Restarts, "restarts", 12, "the number of images of the workload job on which the job is run again, to the end of its input")
	fs.StringVar(&s.Keep, "keep", "", "a directory for the first few bad images of each kind")
	fs.BoolVar(&s.json, "json", false, "one JSON object a line instead of the table (README.md describes it)")
	quick := fs.Bool("quick", false, "checkpoints every second instead of every two, and -settle 7s and -restarts 4 unless given; long windows are not seen to their end")
	fs.Usage = func() {
		var ws strings.Builder
		for _, w := range workload.Workloads {
			fmt.Fprintf(&ws, "  %-9s%s\n", w.Name, w.What)
		}
		fmt.Fprintf(os.Stderr, usage, strings.Join(loopmount.Names(), ", "), ws.String())
		fs.PrintDefaults()
		fmt.Fprint(os.Stderr, exits)
	}
	if err := fs.Parse(args); err != nil {
		return s, err
	}
	s.Checkpoints, s.Every, s.JobRate = 4, 2*time.Second, 4000
	if *quick {
		given := map[string]bool{}
		fs.Visit(func(f *flag.Flag) { given[f.Name] = true })
		s.Every, s.JobRate = time.Second, 10_000
		if !given["settle"] {
			s.Settle = 7 * time.Second
		}
		if !given["restarts"] {
			s.Restarts = 4
		}
	}
	switch {
	case fs.NArg() > 0:
		return s, fmt.Errorf("crashlab takes flags only, not %q; see -help", fs.Arg(0))
	case s.Images < 3 || s.Images > 1_000_000:
		return s, fmt.Errorf("-images %d: want 3 to 1000000", s.Images)
	case s.Settle < 0 || s.Settle > time.Hour:
		return s, fmt.Errorf("-settle %v: want up to an hour", s.Settle)
	case s.Restarts < 0:
		return s, fmt.Errorf("-restarts %d: want 0 or more", s.Restarts)
	}
	if s.Configs, err = loopmount.Parse(*systems); err != nil {
		return s, fmt.Errorf("-fs: %w", err)
	}
	if s.Workloads, err = workload.Parse(*workloads); err != nil {
		return s, fmt.Errorf("-workload: %w", err)
	}
	return s, nil
}
