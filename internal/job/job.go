// Package job runs one job in this process: it finds the checkpoint to start from, builds
// the tasks, carries out the coordinator's decisions, and starts over when an attempt
// fails.
//
//	job.go           attempts and the pauses between them
//	attempt.go       one attempt: its checkpoint, its tasks, its end
//	conduct.go       carrying out the coordinator's decisions
//	discover.go      splits that appear while the job runs
//	claim.go         claiming the places that sinks write to
//	recoversinks.go  committing and undoing output at a start
//	stuck.go         user code that does not return
//	wire.go          gates and edges between the tasks
//	start.go         from a checkpoint to the state of each subtask
//	leaveout.go      state whose operator the job does not have
//	full.go          full file systems: what has run out, and what to do
//	assemble.go, effects.go, fits.go, places.go, restart.go, splits.go   decisions; pure
//	view.go          the figures of a running job
//
// Package checkpoint/store decides what is durable, and when. This package calls a
// checkpoint complete only after the store has.
package job

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/weirstream/weir/checkpoint/store"
	"github.com/weirstream/weir/durable"
	"github.com/weirstream/weir/internal/clock"
	"github.com/weirstream/weir/internal/coordinator"
	"github.com/weirstream/weir/internal/flow"
	"github.com/weirstream/weir/internal/plan"
)

// Config says what to run, and how.
type Config struct {
	Plan        *plan.Plan
	Store       *store.Store
	Parallelism int // of operators without one of their own
	// MaxParallelism of operators whose state is not restored; 0 derives it from the
	// parallelism by Flink's rule.
	MaxParallelism int
	Checkpoints    coordinator.Config // without Subtasks, which the job fills in
	From           store.From
	// AllowNonRestored drops restored state that nothing in the plan declares.
	AllowNonRestored bool
	// DropPrepared drops prepared output that cannot be committed, and that of a sink that
	// the plan does not have any more.
	DropPrepared bool
	// ForgetSplits has, per source, the ids of splits whose positions are dropped at the
	// start.
	ForgetSplits map[string][]string
	// BesideOld permits a start without a checkpoint beside output of an earlier run.
	BesideOld bool
	Restart   Restart
	// FinalCheckpoint says that a job that is stopped takes a last checkpoint.
	FinalCheckpoint bool
	// Drain says that event time comes to its end when the job is stopped.
	Drain bool
	// Patience is how long a job that is to end waits without progress: for its final
	// checkpoint, and then for user code to return.
	Patience time.Duration
	// Owner names this process. Another run that wants to write to the same places is told
	// this name.
	Owner   string
	Monitor *Monitor
	Log     *slog.Logger
}

// ErrStopped says that the job was stopped before the end of its input, after a final
// checkpoint if Config.FinalCheckpoint is set.
var ErrStopped = errors.New("stopped")

// Run runs a job until its input ends (nil), ctx ends (ErrStopped and the cause) or it has
// failed for good. If a disk stayed full the error says which, what is intact and what to
// do. After a *StuckError, goroutines of the job are still running; see there.
func Run(ctx context.Context, cfg Config) error {
	r := &run{Config: cfg}
	err := r.attempts(ctx)
	if stuck := (*StuckError)(nil); errors.As(err, &stuck) {
		stuck.whenDone(r.release)
	} else {
		r.release()
	}
	return TellFull(err, cfg.goesOnFrom())
}

// A run is all attempts of a job in this process.
type run struct {
	Config
	claimed bool
	claims  []func() error // each releases the place of a sink
}

func (r *run) attempts(ctx context.Context) error {
	from := r.From
	retry := backoff{Restart: r.Restart}
	for n := 1; ; n++ {
		a := &attempt{run: r, number: n, groups: make(map[string]*clock.Group), log: r.Log.With("attempt", n)}
		err := a.run1(ctx, from)
		if k := kindOf(r.Plan, err); (k == Sink || k == Source) && !durable.Heals(err) {
			err = flow.Permanent(err) // a missing permission, a read-only file system
		}
		if err != nil && !errors.Is(err, ErrStopped) {
			r.Monitor.update(func(v *View) { v.LastFailure = err.Error(); v.Failures[kindOf(r.Plan, err)]++ })
		}
		if err == nil || errors.Is(err, ErrStopped) || flow.IsPermanent(err) {
			return err
		}
		if ctx.Err() != nil {
			return fmt.Errorf("while stopping: %w", err)
		}
		if a.completed {
			// There is a checkpoint of this run now. The next attempt starts from the newest.
			from = store.From{}
		}
		pause, verdict := retry.next(a.completed, failureOf(r.Plan, err))
		switch verdict {
		case again:
			return fmt.Errorf("ended after the same failure came %d times without a complete checkpoint in between, so that a restart does not help: %w", retry.same, err)
		case tooMany:
			return fmt.Errorf("ended after %d restarts without a complete checkpoint in between: %w", retry.failures, err)
		}
		a.logRestart(pause, err)
		select {
		case <-ctx.Done():
			return fmt.Errorf("stopped while waiting for a restart: %w", err)
		case <-time.After(pause):
		}
	}
}

// logRestart logs that the job is started over after a pause, why, and from which
// checkpoint.
func (a *attempt) logRestart(pause time.Duration, err error) {
	attrs := []any{"pause", pause, "error", err}
	if last := a.Monitor.View().LastComplete; last != 0 {
		attrs = append(attrs, "checkpoint", last)
	}
	what := "attempt failed; starting over"
	if f, ok := lookAtFull(err); ok {
		what, attrs = "attempt failed because a file system is full; starting over after a pause", append(attrs, f.attrs()...)
	}
	a.log.Warn(what, attrs...)
}
