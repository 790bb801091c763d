package run

import (
	"context"

	"github.com/weirstream/weir"
	"github.com/weirstream/weir/internal/job"
)

// ErrNotRunning says that the job is not running: it has not begun, it has ended, or it waits
// for a restart.
var ErrNotRunning = job.ErrNotRunning

// Checkpoint has the job take a checkpoint now and waits until it is complete: before an
// upgrade, or in a test. If a checkpoint is under way, another one follows it. Checkpoints
// of the interval go on from there.
//
// When Checkpoint returns, the checkpoint survives a power cut; output that waited for it
// becomes visible soon after. If the job is not running the error is [ErrNotRunning]; if the
// checkpoint has failed it says why, and the job runs on as after any checkpoint that fails.
// When ctx ends Checkpoint returns its cause, and the checkpoint may still become complete.
func (m *Monitor) Checkpoint(ctx context.Context) (weir.CheckpointID, error) {
	return m.inner.Checkpoint(ctx)
}
