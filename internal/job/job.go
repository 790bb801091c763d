// Package job runs one job in this process: it takes the checkpoint to start from, builds
// the tasks, carries out what the coordinator decides, and starts over when an attempt
// fails.
//
//	job.go       attempts and the pauses between them
//	attempt.go   one attempt: what it starts from, its tasks, its end
//	conduct.go   carrying out the coordinator's decisions
//	wire.go      gates and edges between the tasks
//	start.go     from a checkpoint to the state of each subtask; pure but for reading it
//	assemble.go, splits.go, restart.go, full.go   decisions; pure
//	view.go      the job as it is seen from outside
//
// What is durable, and when, is decided in checkpoint/store; this package calls nothing
// complete that the store has not.
package job

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/weirstream/weir/checkpoint/store"
	"github.com/weirstream/weir/internal/coordinator"
	"github.com/weirstream/weir/internal/flow"
	"github.com/weirstream/weir/internal/plan"
)

// Config is what a job is run with.
type Config struct {
	Plan        *plan.Plan
	Store       *store.Store
	Parallelism int
	// MaxParallelism of operators whose state is not restored; 0 derives it from the
	// parallelism by Flink's rule.
	MaxParallelism int
	Checkpoints    coordinator.Config // but Subtasks
	From           store.From
	// AllowNonRestored drops restored state that nothing in the plan declares.
	AllowNonRestored bool
	Restart          Restart
	// FinalCheckpoint says that a job that is stopped takes a last checkpoint.
	FinalCheckpoint bool
	Monitor         *Monitor
	Log             *slog.Logger
}

// ErrStopped says that the job was stopped before its end, after a final checkpoint if
// the job takes one.
var ErrStopped = errors.New("stopped")

// Run runs a job until its input ends (nil), ctx ends (ErrStopped) or it has failed for
// good. The error of a disk that stayed full says where, what is intact and what to do.
func Run(ctx context.Context, cfg Config) error {
	return TellFull(runAttempts(ctx, cfg), cfg.Monitor.View().LastComplete)
}

func runAttempts(ctx context.Context, cfg Config) error {
	from := cfg.From
	retry := backoff{Restart: cfg.Restart}
	for n := 1; ; n++ {
		a := &attempt{Config: cfg, number: n, log: cfg.Log.With("attempt", n)}
		err := a.run(ctx, from)
		if err == nil || errors.Is(err, ErrStopped) || flow.IsPermanent(err) {
			return err
		}
		if ctx.Err() != nil {
			return fmt.Errorf("while stopping: %w", err)
		}
		if a.completed {
			// From here on there is a checkpoint of this run, whatever it began with.
			from = store.From{}
		}
		pause, ok := retry.next(a.completed)
		if !ok {
			return fmt.Errorf("given up after %d restarts without a complete checkpoint in between: %w", retry.failures, err)
		}
		a.logRestart(pause, err)
		select {
		case <-ctx.Done():
			return fmt.Errorf("stopped while waiting for a restart: %w", err)
		case <-time.After(pause):
		}
	}
}

// logRestart logs that the job is started over after a pause, from which checkpoint if there
// is one, and why.
func (a *attempt) logRestart(pause time.Duration, err error) {
	attrs := []any{"pause", pause, "error", err}
	if last := a.Monitor.View().LastComplete; last != 0 {
		attrs = append(attrs, "checkpoint", last)
	}
	what := "attempt failed; starting over"
	if f, ok := lookAtFull(err); ok {
		what, attrs = "attempt failed, as a file system takes no more; starting over after a pause", append(attrs, f.attrs()...)
	}
	a.log.Warn(what, attrs...)
}
