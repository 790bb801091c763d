package bench

import (
	"context"
	"fmt"
	"log/slog"
	"testing"
	"time"

	"github.com/weirstream/weir"
	"github.com/weirstream/weir/run"
	"github.com/weirstream/weir/window"
)

// BenchmarkWindows counts string keys in windows of a minute that slide by a second, and in
// tumbling windows of a minute, in turn: a thousand keys, each with so many records in a second
// of event time.
func BenchmarkWindows(b *testing.B) {
	for _, perSecond := range []int{100, 10} {
		b.Run(fmt.Sprintf("records-per-slide=%d", perSecond), func(b *testing.B) {
			const keys, records = 1000, 2_000_000
			f := newFeed(keys, records)
			var slower []float64
			for b.Loop() {
				tumbling := windowed(b, f, window.Tumbling(time.Minute), keys*perSecond/parallelism)
				sliding := windowed(b, f, window.Sliding(time.Minute, time.Second), keys*perSecond/parallelism)
				slower = append(slower, sliding.Seconds()/tumbling.Seconds())
				b.Logf("tumbling %v, sliding %v", tumbling, sliding)
			}
			b.ReportMetric(median(slower), "ratio")
			b.ReportMetric(0, "ns/op")
		})
	}
}

// timedFeed is a feed whose records have timestamps, so many a second in each split.
type timedFeed struct {
	*feed
	perSecond int
}

func (f timedFeed) Open(ctx context.Context, s weir.Split) (weir.Reader[string], error) {
	r, err := f.feed.Open(ctx, s)
	return timedFeedReader{r.(*feedReader), f.perSecond}, err
}

type timedFeedReader struct {
	*feedReader
	perSecond int
}

func (r timedFeedReader) ReadTimed(ctx context.Context, records []string, times []weir.Time) (int, error) {
	at := r.at
	n, err := r.Read(ctx, records)
	for i := range n {
		times[i] = weir.Time((at + i) * 1000 / r.perSecond)
	}
	return n, err
}

func windowed(b *testing.B, f *feed, w window.Assigner, perSecond int) time.Duration {
	job := weir.NewJob("windows")
	in := weir.From(job, "keys", weir.Source[string](timedFeed{f, perSecond}), weir.Monotonous[string](nil))
	windows := weir.Window(weir.KeyBy(in, func(k string) string { return k }), w)
	weir.To(weir.AggregateWindow(windows, "count", weir.Count[string]()), "discard", discard[weir.Pane[string, int64]]{})
	began := time.Now()
	err := run.Local(context.Background(), job, run.Options{
		CheckpointDir: b.TempDir(), CheckpointInterval: time.Second, Parallelism: parallelism, Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		b.Fatal(err)
	}
	return time.Since(began)
}
