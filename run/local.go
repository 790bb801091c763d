// Package run runs jobs: Local in a goroutine of the caller, Main as a program with
// flags. Everything happens in this process; there is nothing to install and nothing to
// connect to.
package run

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"github.com/weirstream/weir"
	"github.com/weirstream/weir/checkpoint/store"
	"github.com/weirstream/weir/durable/probe"
	"github.com/weirstream/weir/flink"
	"github.com/weirstream/weir/internal/coordinator"
	"github.com/weirstream/weir/internal/job"
	"github.com/weirstream/weir/internal/plan"
)

// ErrStopped says that a job was stopped by its context, after a final checkpoint unless
// Options.NoFinalCheckpoint was set. The next run goes on from its last checkpoint. The
// error that Local returns matches the cause of the context's end, too.
var ErrStopped = job.ErrStopped

// Local runs a job in this process until its input has ended and all its output is visible
// (nil), until ctx ends (ErrStopped), or until it fails for good.
//
// A job that has a complete checkpoint in opts.CheckpointDir goes on from the last one.
// Only one process at a time may use the job's directory there: a second one gets a
// *store.LockedError. If the last checkpoint is damaged, and opts.AllowFallback is not set,
// nothing is run and the error is a *store.DamagedError. If the path in opts.From leads to
// no checkpoint the error is a *store.NoCheckpointError, and if it leads to a checkpoint of
// another job, a *store.OtherJobError.
//
// If user code has not returned Options.CancelTimeout after the job was told to end, Local
// returns all the same. Its error names the operator and has the stack of that code. The
// job's directory stays locked until the code returns or the process ends.
//
// Local waits for a full disk as for any failure that may heal. If the disk stays full the
// error wraps syscall.ENOSPC or EDQUOT, and says which file system is full, which
// checkpoint is complete and what to do.
func Local(ctx context.Context, j *weir.Job, opts Options) (err error) {
	if err := j.Check(); err != nil {
		return err
	}
	opts, err = opts.withDefaults()
	if err != nil {
		return fmt.Errorf("job %s: %w", j.Name(), err)
	}
	p := plan.Of(j)
	if err := opts.fit(p); err != nil {
		return fmt.Errorf("job %s: %w", j.Name(), err)
	}
	id := flink.JobIDOf(j.Name())
	if err := job.CheckPlaces(p, filepath.Join(opts.CheckpointDir, id.String())); err != nil {
		return fmt.Errorf("job %s: %w", j.Name(), err)
	}
	log := opts.Log.With("job", j.Name())
	mount := probe.MountOf(opts.CheckpointDir)
	for _, w := range mount.Warnings() {
		if firstTime(w, mount.Point) {
			log.Warn(w, "dir", opts.CheckpointDir)
		}
	}
	s, err := store.Open(opts.FS, opts.CheckpointDir, id, store.Options{
		Retain:          opts.Retain,
		InlineThreshold: opts.InlineThreshold,
		Owner:           owner(),
		JobName:         j.Name(),
		Log:             log,
	})
	if err != nil {
		return fmt.Errorf("job %s: %w", j.Name(), job.TellFull(err, 0))
	}
	err = job.Run(ctx, job.Config{
		Plan:           p,
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
		DropPrepared:     opts.DropPreparedOutput,
		BesideOld:        opts.BesideOldOutput,
		ForgetSplits:     opts.ForgetSplits,
		Restart: job.Restart{
			Initial: opts.Restart.Pause, Max: time.Minute,
			Limit: max(0, opts.Restart.Max), Same: max(0, opts.Restart.GiveUpOnSame),
		},
		FinalCheckpoint: !opts.NoFinalCheckpoint,
		Drain:           opts.Drain,
		Patience:        opts.CancelTimeout,
		Owner:           owner(),
		Monitor:         &opts.Monitor.inner,
		Log:             log,
	})
	if stuck := (*job.StuckError)(nil); errors.As(err, &stuck) {
		stuck.WhenDone(func() { _ = s.Close() })
	} else if cerr := s.Close(); err == nil {
		err = cerr
	}
	if old := (*weir.OldOutputError)(nil); errors.As(err, &old) {
		err = fmt.Errorf("%w; or set Options.BesideOldOutput, if the same records may be there twice", err)
	}
	if err != nil {
		return fmt.Errorf("job %s: %w", j.Name(), err)
	}
	return nil
}

// owner names this process. Another process that finds a lock held is told this name.
func owner() string {
	return fmt.Sprintf("%s, since %s", store.ProcessName(), time.Now().UTC().Format(time.RFC3339))
}
