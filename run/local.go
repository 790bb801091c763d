// Package run runs jobs: Local in a goroutine of the caller, Main as a program with
// flags. Everything happens in this process; there is nothing to install and nothing to
// connect to.
package run

import (
	"context"
	"errors"
	"fmt"
	"os"
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
// Options.NoFinalCheckpoint was set. Run again, it goes on from there. The error that Local
// returns matches the cause of the context's end, too.
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
// User code that has not returned Options.CancelTimeout after the job was told to end is
// left behind; the error then says which operator it is of, and where it is. Until it
// returns, or the process ends, the job's directory stays locked.
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
	p := plan.Of(j)
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
	if err != nil {
		return fmt.Errorf("job %s: %w", j.Name(), err)
	}
	return nil
}

// owner names this process, for others that find a lock held.
func owner() string {
	host, err := os.Hostname()
	if err != nil {
		host = "an unnamed host"
	}
	return fmt.Sprintf("process %d on %s, since %s", os.Getpid(), host, time.Now().UTC().Format(time.RFC3339))
}
