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
	fs.StringVar(&o.CheckpointDir, "checkpoint-dir", "weir-data", "`directory` for checkpoints; each job has its own in it")
	fs.DurationVar(&o.CheckpointInterval, "checkpoint-interval", 10*time.Second, "`time` from one checkpoint to the next")
	fs.IntVar(&o.Parallelism, "parallelism", runtime.GOMAXPROCS(0), "`number` of subtasks of each operator; may change from run to run")
	fs.IntVar(&o.Retain, "retain", 2, "`number` of complete checkpoints to keep")
	fs.Var((*byteSize)(&o.InlineThreshold), "inline-threshold", "states up to this `size` are kept inside of _metadata")
	fs.TextVar(&o.From, "from", Latest, "what to start from: latest, none, or the `path` of a checkpoint")
	fs.BoolVar(&o.AllowFallback, "allow-fallback", false, "if the latest checkpoint is damaged, go back to an older one; the records between the two are processed twice")
	fs.BoolVar(&o.AllowNonRestoredState, "allow-non-restored-state", false, "drop state that the job does not have any more; the log says which")
	fs.BoolVar(&o.DropPreparedOutput, "drop-prepared-output", false, "lose prepared output that cannot become visible: its sink was removed, or it is damaged")
	fs.BoolVar(&o.BesideOldOutput, "beside-old-output", false, "without a checkpoint, or with an older one, write beside output of an earlier run: the same records will be there twice")
	fs.Var((*splitList)(&o.ForgetSplits), "forget-split", "drop the position of a split, as `source=split`; may be given several times")
	fs.BoolVar(&o.Drain, "drain", false, "when stopped, let event time come to its end, as if the input had ended")
	fs.DurationVar(&o.CancelTimeout, "cancel-timeout", 3*time.Minute, "`time` to wait without progress, when stopped, for the final checkpoint and for code to return")
	fs.TextVar(level, "log-level", slog.LevelWarn, "debug, info, warn or error")
}

// usage prints the text of --help.
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
  4    another process runs this job or writes to its output; nothing was run
  5    the checkpoint does not fit the job, or belongs to another job; nothing was run
  6    there is output of an earlier run, and no checkpoint to go on from; nothing was run (see --beside-old-output)
  130  a second Ctrl-C has ended the job without a final checkpoint
`)
}

// splitList is a flag that names splits of sources.
type splitList map[string][]string

func (l *splitList) String() string { return "" }

func (l *splitList) Set(s string) error {
	source, split, ok := strings.Cut(s, "=")
	if !ok || source == "" || split == "" {
		return fmt.Errorf("want the name of a source, =, and the id of one of its splits")
	}
	if *l == nil {
		*l = make(map[string][]string)
	}
	(*l)[source] = append((*l)[source], split)
	return nil
}

// inFlags turns the names of options in a message of the library into those of flags.
var inFlags = strings.NewReplacer(
	"set Options.AllowNonRestoredState", "use --allow-non-restored-state",
	"set Options.DropPreparedOutput", "use --drop-prepared-output",
	"set Options.BesideOldOutput", "use --beside-old-output",
	"set Options.AllowFallback", "use --allow-fallback",
	"Options.AllowNonRestoredState", "--allow-non-restored-state",
	"Options.DropPreparedOutput", "--drop-prepared-output",
	"Options.BesideOldOutput", "--beside-old-output",
	"Options.AllowFallback", "--allow-fallback",
	"Options.ForgetSplits", "--forget-split",
	"Options.From", "--from",
	"Options.CancelTimeout", "--cancel-timeout",
	"Options.Parallelism", "--parallelism",
)

// byteSize is a flag for a number of bytes, as 20KiB.
type byteSize int

func (b *byteSize) String() string { return bytesize.Exact(int64(*b)) }

func (b *byteSize) Set(s string) error {
	n, err := bytesize.Parse(s)
	if err != nil || n > math.MaxInt32 {
		return fmt.Errorf("want a size such as 20KiB, 1MiB or 0")
	}
	if *b = byteSize(n); n == 0 {
		*b = -1 // every state gets a file
	}
	return nil
}
