package bench

import (
	"context"
	"errors"
	"log/slog"
	"sync/atomic"
	"testing"
	"time"

	"github.com/weirstream/weir"
	"github.com/weirstream/weir/run"
)

// BenchmarkStartToFirstRecord measures the time from run.Local to the first record in a
// user's function, on a new directory.
func BenchmarkStartToFirstRecord(b *testing.B) {
	var times []float64
	for b.Loop() {
		var first atomic.Int64
		job := weir.NewJob("start")
		in := weir.From(job, "in", weir.Slice(1, 2, 3))
		began := time.Now()
		weir.To(weir.Map(in, func(v int) (int, error) {
			first.CompareAndSwap(0, int64(time.Since(began)))
			return v, nil
		}), "out", discard[int]{})
		err := run.Local(context.Background(), job, run.Options{CheckpointDir: b.TempDir(), Parallelism: parallelism, Log: slog.New(slog.DiscardHandler)})
		if err != nil && !errors.Is(err, run.ErrStopped) {
			b.Fatal(err)
		}
		times = append(times, float64(first.Load())/1e6)
	}
	b.ReportMetric(median(times), "ms-to-first")
	b.ReportMetric(0, "ns/op")
}
