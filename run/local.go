// Package run runs jobs: Local in a goroutine of the caller, Main as a program with
// flags. Everything happens in this process; there is nothing to install and nothing to
// connect to.
package run

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/weirstream/weir"
	"github.com/weirstream/weir/checkpoint/store"
	"github.com/weirstream/weir/durable/probe"
	"github.com/weirstream/weir/flink"
	"github.com/weirstream/weir/internal/coordinator"
	"github.com/weirstream/weir/internal/job"
)

// ErrStopped says that a job was stopped by its context, after a final checkpoint unless
// Options.NoFinalCheckpoint was set. Run again, it goes on from there.
var ErrStopped = job.ErrStopped

// Local runs a job in this process until its input has ended and everything it has come
// to is visible (nil), until ctx ends (ErrStopped), or until it fails for good.
//
// A job that has a complete checkpoint below opts.CheckpointDir goes on from the last
// one. It is the only one that may use its directory there: a second process is refused
// with a *store.LockedError. If the last checkpoint is damaged nothing is run and the
// error is a *store.DamagedError, unless opts.AllowFallback is set. A path in opts.From that
// leads to no checkpoint is a *store.NoCheckpointError, and one that leads to another job's
// a *store.OtherJobError.
//
// A full disk is waited for as any failure is; the error of one that stays full wraps
// syscall.ENOSPC or EDQUOT, and says where it is full, which checkpoint is complete and
// what to do.
func Local(ctx context.Context, j *weir.Job, opts Options) (err error) {
	if err := j.Check(); err != nil {
		return err
	}
	opts, err = opts.withDefaults()
	if err != nil {
		return fmt.Errorf("job %s: %w", j.Name(), err)
	}
	log := opts.Log.With("job", j.Name())
	for _, w := range probe.MountOf(opts.CheckpointDir).Warnings() {
		log.Warn(w, "dir", opts.CheckpointDir)
	}
	s, err := store.Open(opts.FS, opts.CheckpointDir, flink.JobIDOf(j.Name()), store.Options{
		Retain:          opts.Retain,
		InlineThreshold: opts.InlineThreshold,
		Owner:           owner(),
		JobName:         j.Name(),
		Log:             log,
	})
	if err != nil {
		return fmt.Errorf("job %s: %w", j.Name(), job.TellFull(err, 0))
	}
	defer func() {
		if cerr := s.Close(); err == nil && cerr != nil {
			err = fmt.Errorf("job %s: %w", j.Name(), cerr)
		}
	}()
	err = job.Run(ctx, job.Config{
		Plan:           j.Plan(),
		Store:          s,
		Parallelism:    opts.Parallelism,
		MaxParallelism: opts.MaxParallelism,
		Checkpoints: coordinator.Config{
			Interval:  opts.CheckpointInterval,
			MinPause:  opts.MinPause,
			Timeout:   opts.CheckpointTimeout,
			Tolerated: max(0, opts.ToleratedFailures),
		},
		From:             opts.from(),
		AllowNonRestored: opts.AllowNonRestoredState,
		Restart:          job.Restart{Initial: opts.RestartPause, Max: time.Minute, Limit: max(0, opts.MaxRestarts)},
		FinalCheckpoint:  !opts.NoFinalCheckpoint,
		Monitor:          &opts.Monitor.inner,
		Log:              log,
	})
	if err != nil {
		return fmt.Errorf("job %s: %w", j.Name(), err)
	}
	return nil
}

// owner says who holds the lock of a job's directory.
func owner() string {
	host, err := os.Hostname()
	if err != nil {
		host = "an unnamed host"
	}
	return fmt.Sprintf("process %d on %s, since %s", os.Getpid(), host, time.Now().UTC().Format(time.RFC3339))
}
