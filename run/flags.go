package run

import (
	"flag"
	"fmt"
	"log/slog"
	"math"
	"runtime"
	"strings"
	"time"

	"github.com/weirstream/weir/internal/bytesize"
)

// flags defines the flags of Main, which set o.
func (o *Options) flags(fs *flag.FlagSet, level *slog.Level) {
	*level = slog.LevelWarn
	o.InlineThreshold = 20 << 10
	fs.StringVar(&o.CheckpointDir, "checkpoint-dir", "weir-data", "`directory` below which the job keeps its checkpoints")
	fs.DurationVar(&o.CheckpointInterval, "checkpoint-interval", 10*time.Second, "`time` from one checkpoint to the next")
	fs.IntVar(&o.Parallelism, "parallelism", runtime.GOMAXPROCS(0), "`number` of subtasks of each operator; may change from run to run")
	fs.IntVar(&o.Retain, "retain", 2, "`number` of complete checkpoints to keep")
	fs.Var((*byteSize)(&o.InlineThreshold), "inline-threshold", "states up to this `size` are kept inside of _metadata")
	fs.StringVar(&o.From, "from", "latest", "what to start from: latest, none, or the `path` of a checkpoint")
	fs.BoolVar(&o.AllowFallback, "allow-fallback", false, "if the latest checkpoint is damaged, go back to an older one; what came between is processed twice")
	fs.BoolVar(&o.AllowNonRestoredState, "allow-non-restored-state", false, "drop state of operators that the job no longer has")
	fs.TextVar(level, "log-level", slog.LevelWarn, "debug, info, warn or error")
}

// usage is what --help prints.
func usage(fs *flag.FlagSet) {
	w := fs.Output()
	fmt.Fprintf(w, `%[1]s is a Weir job. It goes on from its last complete checkpoint, if it has one.

Usage:
  %[1]s [flags]

Examples:
  %[1]s                                run it, or go on where it ended
  %[1]s --checkpoint-interval 1s       a checkpoint every second
  %[1]s --parallelism 4                at another parallelism than before
  %[1]s --from none                    start anew; older checkpoints stay until newer ones are complete

Flags:
`, program())
	fs.VisitAll(func(f *flag.Flag) {
		name, text := flag.UnquoteUsage(f)
		if f.DefValue != "" && f.DefValue != "false" {
			text += " (" + f.DefValue + ")"
		}
		fmt.Fprintf(w, "  %-32s %s\n", strings.TrimSpace("--"+f.Name+" "+name), text)
	})
	fmt.Fprint(w, `
Exit codes:
  0    the input has ended and all output is visible; or a signal has ended the job with a final checkpoint
  1    the job has failed
  2    a flag or the job itself is wrong; nothing was run
  3    the last checkpoint is damaged; nothing was run (see --allow-fallback)
  4    another process runs this job; nothing was run
  5    the checkpoint does not fit the job, or is another job's; nothing was run
  130  a second signal has ended the job without a final checkpoint
`)
}

// byteSize is a flag for a number of bytes, as 20KiB.
type byteSize int

func (b *byteSize) String() string { return bytesize.Exact(int64(*b)) }

func (b *byteSize) Set(s string) error {
	n, err := bytesize.Parse(s)
	if err != nil || n > math.MaxInt32 {
		return fmt.Errorf("want a size such as 20KiB, 1MiB or 0")
	}
	if *b = byteSize(n); n == 0 {
		*b = -1 // nothing travels inside of _metadata
	}
	return nil
}
