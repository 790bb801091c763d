package run_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/weirstream/weir"
	"github.com/weirstream/weir/connector/ratelimit"
	"github.com/weirstream/weir/run"
)

// While a final checkpoint makes progress, the job waits for it, also longer than CancelTimeout
// in total, and however long it has run before.
func TestAFinalCheckpointThatMakesProgress(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var fast, slow weir.Collector[total]
		job := weir.NewJob("progress")
		in := weir.Map(weir.From(job, "in", ratelimit.Source(weir.Slice(numbers(10000)...), 10)), func(n int64) (total, error) { return total{Number: n}, nil })
		weir.To(weir.Rebalance(in), "fast", weir.Sink[total](slowPrepare{&fast, 40 * time.Second})).Parallelism(1)
		weir.To(weir.Rebalance(in), "slow", weir.Sink[total](slowPrepare{&slow, 80 * time.Second})).Parallelism(1)
		opts := options(t, 1)
		opts.CheckpointInterval, opts.CancelTimeout = time.Hour, time.Minute
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
		defer cancel()
		began := time.Now()
		err := run.Local(ctx, job, opts)
		if took := time.Since(began); !errors.Is(err, run.ErrStopped) || took < 6*time.Minute {
			t.Errorf("after %v: %v", took, err)
		}
		if a, b := len(fast.Records()), len(slow.Records()); a < 2900 || a != b {
			t.Errorf("%d and %d records are visible, want those of 5 minutes", a, b)
		}
	})
}
