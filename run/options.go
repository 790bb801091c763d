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
	"github.com/weirstream/weir/internal/job"
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
	// Parallelism is how many subtasks each operator has. Default: the number of cores.
	// It may differ from run to run.
	Parallelism int
	// MaxParallelism is the number of key groups, fixed with the first checkpoint. Default:
	// by Flink's rule, 128 up to a parallelism of 85.
	MaxParallelism int
	// Retain is how many checkpoints are kept. Default: 2.
	Retain int
	// InlineThreshold is up to how many bytes a state travels inside of _metadata; negative
	// means that every state gets a file. Default: 20 KiB.
	InlineThreshold int
	// From is what the job starts from: "latest" (the last complete checkpoint, or nothing
	// if there is none), "none" (nothing), or the path of a checkpoint. Default: latest.
	From string
	// AllowFallback lets the job go back to the newest intact checkpoint if the latest is
	// damaged. What was processed between the two is processed, and its output made
	// visible, a second time.
	AllowFallback bool
	// AllowNonRestoredState drops state of operators and states that the job no longer
	// has. Without it such a checkpoint is refused.
	AllowNonRestoredState bool
	// MaxRestarts is how often the job is restarted without a complete checkpoint in
	// between before it is given up; negative means never. Default: 10.
	MaxRestarts int
	// RestartPause is the pause before the first restart; it doubles with every further
	// one, up to a minute. Default: 1 s.
	RestartPause time.Duration
	// NoFinalCheckpoint lets a job that is stopped by its context end at once, without a
	// last checkpoint.
	NoFinalCheckpoint bool
	// FS is where checkpoints are kept. Default: the operating system's files.
	FS durable.FS
	// Log gets what happens. Default: slog.Default().
	Log *slog.Logger
	// Monitor, if set, shows the job while it runs.
	Monitor *Monitor
}

// A Monitor shows a job while it runs. The zero value is ready; give it to Options.
type Monitor struct{ inner job.Monitor }

// A Status is a job at one moment.
type Status = job.View

// Status returns the job as it is now.
func (m *Monitor) Status() Status { return m.inner.View() }

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
	setDefault(&o.From, "latest")
	setDefault(&o.MaxRestarts, 10)
	setDefault(&o.RestartPause, time.Second)
	if o.FS == nil {
		o.FS = durable.OS()
	}
	if o.Log == nil {
		o.Log = slog.Default()
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
	case o.CheckpointTimeout < 0 || o.MinPause < 0 || o.RestartPause < 0:
		return o, optionsErrorf("checkpoint timeout %v, minimum pause %v, restart pause %v: none of them can be negative", o.CheckpointTimeout, o.MinPause, o.RestartPause)
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

// from reads what Options.From says.
func (o Options) from() store.From {
	f := store.From{AllowFallback: o.AllowFallback}
	switch strings.TrimSpace(o.From) {
	case "latest":
	case "none":
		f.None = true
	default:
		f.Path = o.From
	}
	return f
}
