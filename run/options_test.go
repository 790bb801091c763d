package run_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/weirstream/weir"
	"github.com/weirstream/weir/connector/ratelimit"
	"github.com/weirstream/weir/run"
)

// A slowPrepare sink takes its time to prepare.
type slowPrepare struct {
	*weir.Collector[total]
	takes time.Duration
}

func (s slowPrepare) Open(ctx context.Context, c weir.SinkContext) (weir.Writer[total], error) {
	w, err := s.Collector.Open(ctx, c)
	return slowPreparing{w, s.takes}, err
}

type slowPreparing struct {
	weir.Writer[total]
	takes time.Duration
}

func (s slowPreparing) Prepare(ctx context.Context, id weir.CheckpointID) ([]byte, error) {
	time.Sleep(s.takes)
	return s.Writer.Prepare(ctx, id)
}

// Each option of checkpoints does what it says: the job reads for 60 s.
func TestOptionsOfCheckpoints(t *testing.T) {
	for _, tt := range []struct {
		name      string
		set       func(*run.Options)
		prepare   time.Duration
		completed int
		causes    map[string]int
	}{
		{"interval", func(o *run.Options) { o.CheckpointInterval = 7 * time.Second }, 0, 9, nil},
		{"minimum pause", func(o *run.Options) { o.CheckpointInterval, o.MinPause = time.Second, 13*time.Second }, 0, 6, nil},
		{"timeout", func(o *run.Options) {
			o.CheckpointInterval, o.CheckpointTimeout, o.ToleratedFailures = 20*time.Second, 3*time.Second, 100
		}, 5 * time.Second, -1, map[string]int{"expired": 1}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				opts := options(t, 1)
				tt.set(&opts)
				ctx, cancel := context.WithTimeout(t.Context(), 30*time.Minute)
				defer cancel()
				_ = run.Local(ctx, sums(slowPrepare{&weir.Collector[total]{}, tt.prepare}, 600, 10, never), opts)
				st := opts.Monitor.Status()
				if tt.completed >= 0 && (st.Completed < tt.completed-1 || st.Completed > tt.completed+1) {
					t.Errorf("%d checkpoints, want about %d", st.Completed, tt.completed)
				}
				for cause, n := range tt.causes {
					if st.Causes[cause] < n {
						t.Errorf("failed checkpoints %v, want %v", st.Causes, tt.causes)
					}
				}
			})
		})
	}
}

// MaxParallelism is the number of key groups: it is kept, and not changed while there is state.
func TestMaxParallelismIsKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out weir.Collector[total]
		opts := options(t, 2)
		opts.MaxParallelism = 8
		must(t, run.Local(t.Context(), sums(&out, 10, 1e6, never), opts))
		opts.MaxParallelism = 16
		if err := run.Local(t.Context(), sums(&out, 20, 1e6, never), opts); err == nil || run.ExitCode(err) != run.ExitUnfit || !strings.Contains(err.Error(), "max parallelism 8, and the job asks for 16") {
			t.Errorf("got %v", err)
		}
		opts.MaxParallelism, opts.Parallelism = 0, 9
		if err := run.Local(t.Context(), sums(&out, 20, 1e6, never), opts); err == nil || !strings.Contains(err.Error(), "a parallelism of 8 at most") {
			t.Errorf("got %v", err)
		}
	})
}

// With Drain event time comes to its end when the job is stopped, and only then: not at other
// checkpoints.
func TestDrainEndsEventTime(t *testing.T) {
	for _, drain := range []bool{true, false} {
		synctest.Test(t, func(t *testing.T) {
			var seen, last weir.Time
			job := weir.NewJob("drain")
			in := weir.From(job, "in", ratelimit.Source(weir.Slice(numbers(1000)...), 10), weir.Monotonous(func(n int64) weir.Time { return weir.Time(n) }))
			weir.To(weir.Process(weir.KeyBy(in, func(n int64) bool { return true }), "op", func(c *weir.KeyContext[bool], out *weir.Out[int64]) func(int64) error {
				c.OnClose(func() error { last = c.Watermark(); return nil })
				return func(n int64) error { seen = c.Watermark(); return nil }
			}), "out", &weir.Collector[int64]{})
			opts := options(t, 1)
			opts.Drain, opts.CheckpointInterval = drain, time.Second
			ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
			defer cancel()
			if err := run.Local(ctx, job, opts); !errors.Is(err, run.ErrStopped) {
				t.Fatal(err)
			}
			if seen < 100 || seen > 1000 || (last == weir.MaxTime) != drain || !drain && last > 1000 {
				t.Errorf("drain %t: the last record saw %v, and in the end event time was at %v", drain, seen, last)
			}
		})
	}
}
