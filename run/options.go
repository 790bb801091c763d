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
	// CheckpointDir is the directory for checkpoints. Each job has a directory of its own in
	// it. Default: weir-data.
	CheckpointDir string
	// CheckpointInterval is the time from one checkpoint to the next. Default: 10 s.
	CheckpointInterval time.Duration
	// MinPause is the least time between the end of a checkpoint and the next. Default:
	// none.
	MinPause time.Duration
	// CheckpointTimeout is how long it may take until all subtasks have written their part
	// of a checkpoint. After that time the checkpoint has failed. Default: 10 min.
	CheckpointTimeout time.Duration
	// ToleratedFailures is how many checkpoints in a row may fail before the job is
	// restarted; negative means none. Default: 10.
	ToleratedFailures int
	// Parallelism is how many subtasks an operator has, unless the job sets its number. It
	// may differ from run to run. Default: the number of cores (GOMAXPROCS).
	Parallelism int
	// MaxParallelism is the number of key groups, fixed with the first checkpoint. Default:
	// by Flink's rule, 128 up to a parallelism of 85.
	MaxParallelism int
	// Retain is how many checkpoints are kept. Default: 2.
	Retain int
	// InlineThreshold is the size in bytes up to which a state is kept inside of _metadata
	// and not in a file of its own; negative means that every state gets a file. Default:
	// 20 KiB.
	InlineThreshold int
	// From is the checkpoint that the job starts from. Default: Latest.
	From From
	// AllowFallback lets the job go back to the newest intact checkpoint if the latest is
	// damaged. The records between the two are processed a second time, and their output
	// becomes visible a second time.
	AllowFallback bool
	// AllowNonRestoredState drops the state in a checkpoint that the job does not have any
	// more: of operators that were removed, and states that were. Without it such a
	// checkpoint is refused. The log says what is dropped.
	AllowNonRestoredState bool
	// DropPreparedOutput drops prepared output that cannot become visible: because the job
	// does not have its sink any more, or because it is damaged. The records in it are lost.
	// Without this option such a start is refused.
	DropPreparedOutput bool
	// BesideOldOutput lets a job that starts without a checkpoint, or with one that is older
	// than output that an earlier run of it has made visible, write beside that output.
	// Without it such a start is refused: the same records would be there twice. A start from
	// a path, or with AllowFallback, is told to go back and needs no second permission.
	BesideOldOutput bool
	// ForgetSplits has, by the name of a source, the ids of splits whose positions are
	// dropped at the start. A split that is still there is read from its beginning.
	ForgetSplits map[string][]string
	// Restart says how a job that has failed is restarted.
	Restart Restart
	// NoFinalCheckpoint lets a job that is stopped by its context end at once, without a
	// final checkpoint. A run that goes on from there processes the records since the last
	// checkpoint again.
	NoFinalCheckpoint bool
	// Drain says that event time comes to its end when the job is stopped, as at the end of
	// its input: all timers and windows fire. A run that goes on from there finds them
	// fired, so set it for the last stop of a job only.
	Drain bool
	// CancelTimeout is how long a job that is to end waits without progress: for its final
	// checkpoint, and then for user code to return. After that Local returns an error that
	// says which code has not returned. Default: 3 min, as Flink's
	// task.cancellation.timeout.
	CancelTimeout time.Duration
	// FS is the file system for checkpoints. Default: the operating system's.
	FS durable.FS
	// Log gets the log. Default: warnings and errors go to slog.Default(), and lower levels
	// are dropped.
	Log *slog.Logger
	// Monitor, if set, shows the job while it runs.
	Monitor *Monitor
}

// Restart says how a job that has failed is restarted from its last complete checkpoint.
type Restart struct {
	// Max is how many restarts in a row, without a complete checkpoint in between, the job
	// may have; the next failure ends it. Negative means that the job is not restarted.
	// Default: 10.
	Max int
	// Pause is the pause before the first restart. It doubles with every further one, up to
	// a minute. Default: 1 s.
	Pause time.Duration
	// GiveUpOnSame ends the job when a function of an operator has failed so many times in a
	// row with the same error, without a complete checkpoint in between: that is likely to
	// be a bug, which no restart heals. Errors of sources and sinks, of the network and of
	// the operating system, and deadlines do not count. Negative means that no error counts.
	// Default: 2.
	GiveUpOnSame int
}

// From says which checkpoint a job starts from: Latest, None, or Path. The zero value is
// Latest.
type From struct {
	none bool
	path string
}

var (
	// Latest is the last complete checkpoint, or nothing if there is none.
	Latest = From{}
	// None is no checkpoint: the job begins anew. Older checkpoints stay until newer ones
	// are complete.
	None = From{none: true}
)

// Path is the checkpoint in a directory: of the job itself, or a copy of one.
func Path(dir string) From { return From{path: dir} }

// ParseFrom reads the value of a flag: latest, none or a path.
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

// MarshalText returns the text that ParseFrom reads.
func (f From) MarshalText() ([]byte, error) { return []byte(f.String()), nil }

// UnmarshalText is ParseFrom.
func (f *From) UnmarshalText(text []byte) error {
	*f = ParseFrom(string(text))
	return nil
}

// String returns the text that ParseFrom reads.
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

// from returns what the store is asked for.
func (o Options) from() store.From {
	return store.From{AllowFallback: o.AllowFallback, None: o.From.none, Path: o.From.path}
}
