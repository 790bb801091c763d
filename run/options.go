package run

import (
	"fmt"
	"log/slog"
	"runtime"
	"strings"
	"time"

	"github.com/weirstream/weir/checkpoint"
	"github.com/weirstream/weir/checkpoint/store"
	"github.com/weirstream/weir/durable"
)

// Options say how a job is run. The zero value of a field means its default.
type Options struct {
	// CheckpointDir is the directory below which each job has one of its own for its
	// checkpoints. Default: weir-data.
	CheckpointDir string
	// CheckpointInterval is the time from one checkpoint to the next. Default: 10 s.
	CheckpointInterval time.Duration
	// MinPause is the least time between the end of a checkpoint and the next. Default:
	// none.
	MinPause time.Duration
	// CheckpointTimeout is how long the parts of a checkpoint may take to come in before
	// it has failed. Default: 10 min.
	CheckpointTimeout time.Duration
	// ToleratedFailures is how many checkpoints in a row may fail before the job is
	// restarted; negative means none. Default: 10.
	ToleratedFailures int
	// Parallelism is how many subtasks an operator has, unless it has a number of its own.
	// It may differ from run to run. Default: the number of cores.
	Parallelism int
	// MaxParallelism is the number of key groups, fixed with the first checkpoint. Default:
	// by Flink's rule, 128 up to a parallelism of 85.
	MaxParallelism int
	// Retain is how many checkpoints are kept. Default: 2.
	Retain int
	// InlineThreshold is up to how many bytes a state travels inside of _metadata; negative
	// means that every state gets a file. Default: 20 KiB.
	InlineThreshold int
	// From is what the job starts from. Default: Latest.
	From From
	// AllowFallback lets the job go back to the newest intact checkpoint if the latest is
	// damaged. What was processed between the two is processed, and its output made
	// visible, a second time.
	AllowFallback bool
	// AllowNonRestoredState drops state of operators and states that the job no longer
	// has. Without it such a checkpoint is refused. What is dropped is logged.
	AllowNonRestoredState bool
	// DropPreparedOutput drops output that was prepared, and is not visible yet, of sinks
	// that the job no longer has, and prepared output that cannot be made visible because
	// it is damaged: those records are lost. Without it such a start is refused.
	DropPreparedOutput bool
	// BesideOldOutput lets a job that starts without a checkpoint, or with one that is older
	// than output that an earlier run of it has made visible, write beside that output.
	// Without it such a start is refused: the same records would be there twice. A start from
	// a path, or with AllowFallback, is told to go back and needs no second permission.
	BesideOldOutput bool
	// ForgetSplits are splits, by the name of their source, whose positions are dropped at
	// the start: one that is still there is read from its beginning.
	ForgetSplits map[string][]string
	// Restart says how a job that has failed is restarted.
	Restart Restart
	// NoFinalCheckpoint lets a job that is stopped by its context end at once, without a
	// last checkpoint.
	NoFinalCheckpoint bool
	// Drain lets event time come to its end when the job is stopped: all windows and timers
	// fire. A job that goes on from there finds them fired, so it is for the last stop of a
	// job.
	Drain bool
	// CancelTimeout is how long the job waits, after it was told to end, for user code
	// that does not return and shows no progress. Local then returns an error that says
	// where it is. Default: 3 min, as Flink's task.cancellation.timeout.
	CancelTimeout time.Duration
	// FS is where checkpoints are kept. Default: the operating system's files.
	FS durable.FS
	// Log gets what happens. Default: warnings and errors go to slog.Default(), and nothing
	// else anywhere.
	Log *slog.Logger
	// Monitor, if set, shows the job while it runs.
	Monitor *Monitor
}

// Restart says how a job that has failed is restarted from its last complete checkpoint.
type Restart struct {
	// Max is how often the job is restarted without a complete checkpoint in between before
	// it ends; negative means never. Default: 10.
	Max int
	// Pause is the pause before the first restart; it doubles with every further one, up to
	// a minute. Default: 1 s.
	Pause time.Duration
	// GiveUpOnSame is how often in a row, without a complete checkpoint in between, a
	// function of an operator may fail with the same error before the job ends: it is
	// likely to be a bug, which no restart heals. Errors of sources and sinks, of the
	// network and of the operating system are not counted. Negative means that no error is.
	// Default: 2.
	GiveUpOnSame int
}

// From is what a job starts from: Latest, None, or Path of a checkpoint. The zero value is
// Latest.
type From struct {
	none bool
	path string
}

var (
	// Latest is the last complete checkpoint, or nothing if there is none.
	Latest = From{}
	// None is nothing: the job begins anew. Older checkpoints stay until newer ones are
	// complete.
	None = From{none: true}
)

// Path is the checkpoint in a directory: of the job itself, or a copy of one.
func Path(dir string) From { return From{path: dir} }

// ParseFrom reads what a flag says: latest, none or a path.
func ParseFrom(s string) From {
	switch strings.TrimSpace(s) {
	case "", "latest":
		return Latest
	case "none":
		return None
	default:
		return Path(s)
	}
}

// MarshalText returns what ParseFrom reads.
func (f From) MarshalText() ([]byte, error) { return []byte(f.String()), nil }

// UnmarshalText is ParseFrom.
func (f *From) UnmarshalText(text []byte) error {
	*f = ParseFrom(string(text))
	return nil
}

// String returns what ParseFrom reads.
func (f From) String() string {
	switch {
	case f.none:
		return "none"
	case f.path != "":
		return f.path
	default:
		return "latest"
	}
}

// An OptionsError says that an option has a value it cannot have. Nothing was run.
type OptionsError struct{ What string }

func (e *OptionsError) Error() string { return e.What }

func optionsErrorf(format string, args ...any) error {
	return &OptionsError{What: fmt.Sprintf(format, args...)}
}

func (o Options) withDefaults() (Options, error) {
	setDefault(&o.CheckpointDir, "weir-data")
	setDefault(&o.CheckpointInterval, 10*time.Second)
	setDefault(&o.CheckpointTimeout, 10*time.Minute)
	setDefault(&o.ToleratedFailures, 10)
	setDefault(&o.Parallelism, runtime.GOMAXPROCS(0))
	setDefault(&o.Retain, 2)
	setDefault(&o.InlineThreshold, 20<<10)
	setDefault(&o.Restart.Max, 10)
	setDefault(&o.Restart.Pause, time.Second)
	setDefault(&o.Restart.GiveUpOnSame, 2)
	setDefault(&o.CancelTimeout, 3*time.Minute)
	if o.FS == nil {
		o.FS = durable.OS()
	}
	if o.Log == nil {
		o.Log = slog.New(quiet{slog.Default().Handler()})
	}
	if o.Monitor == nil {
		o.Monitor = &Monitor{}
	}
	switch {
	case o.Parallelism < 1 || o.Parallelism > checkpoint.MaxMaxParallelism:
		return o, optionsErrorf("parallelism %d: want 1 to %d", o.Parallelism, checkpoint.MaxMaxParallelism)
	case o.MaxParallelism != 0 && (o.MaxParallelism < o.Parallelism || o.MaxParallelism > checkpoint.MaxMaxParallelism):
		return o, optionsErrorf("max parallelism %d: want at least the parallelism, %d, and at most %d", o.MaxParallelism, o.Parallelism, checkpoint.MaxMaxParallelism)
	case o.CheckpointInterval < time.Millisecond:
		return o, optionsErrorf("checkpoint interval %v: want at least 1ms", o.CheckpointInterval)
	case o.CheckpointTimeout < 0 || o.MinPause < 0 || o.Restart.Pause < 0 || o.CancelTimeout < 0:
		return o, optionsErrorf("checkpoint timeout %v, minimum pause %v, restart pause %v, cancel timeout %v: none of them can be negative", o.CheckpointTimeout, o.MinPause, o.Restart.Pause, o.CancelTimeout)
	case o.Retain < 1:
		return o, optionsErrorf("retain %d checkpoints: want at least 1", o.Retain)
	}
	return o, nil
}

func setDefault[T comparable](v *T, d T) {
	var zero T
	if *v == zero {
		*v = d
	}
}

// from is what the store is asked for.
func (o Options) from() store.From {
	return store.From{AllowFallback: o.AllowFallback, None: o.From.none, Path: o.From.path}
}
