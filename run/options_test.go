package run_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/weirstream/weir"
	"github.com/weirstream/weir/checkpoint/store"
	"github.com/weirstream/weir/connector/ratelimit"
	"github.com/weirstream/weir/durable"
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

// An operator with a parallelism of its own has as many key groups as follow from that, and its
// state is found again.
func TestKeyGroupsOfAnOperator(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out weir.Collector[total]
		opts := options(t, 1)
		for _, n := range []int{200, 400} {
			job := weir.NewJob("groups")
			by := weir.KeyBy(weir.From(job, "in", weir.Slice(numbers(n)...)), func(n int64) int64 { return n % 100 })
			weir.To(weir.Process(by, "op", func(c *weir.KeyContext[int64], out *weir.Out[total]) func(int64) error {
				seen := weir.NewValue[int64](c, "n")
				return func(n int64) error {
					count, _ := seen.Get()
					seen.Set(count + 1)
					out.Emit(total{Rest: c.Key(), Number: n, Sum: count + 1})
					return nil
				}
			}).Parallelism(90), "out", &out)
			must(t, run.Local(t.Context(), job, opts))
		}
		for _, r := range out.Records() {
			if r.Sum != (r.Number-1)/100+1 {
				t.Fatalf("%+v: the key was not found again", r)
			}
		}
		if len(out.Records()) != 400 {
			t.Errorf("%d records", len(out.Records()))
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

// The pause before a restart is the one that was set, and doubles.
func TestRestartPause(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		opts := options(t, 1)
		opts.Restart = run.Restart{Max: 3, Pause: 5 * time.Second, GiveUpOnSame: -1}
		began := time.Now()
		err := run.Local(t.Context(), sums(&weir.Collector[total]{}, 10, 1e6, func(int64) error { return errors.New("boom") }), opts)
		if took := time.Since(began); err == nil || took < 35*time.Second || took > 36*time.Second {
			t.Errorf("ended after %v, want pauses of 5, 10 and 20 s: %v", took, err)
		}
		if st := opts.Monitor.Status(); !strings.Contains(st.LastFailure, "boom") || st.Failures["function"] != 4 {
			t.Errorf("status %+v", st)
		}
	})
}

// A task that waits because its receiver is slow says so in its figures, and the receiver's do
// not.
func TestBlockedIsMeasured(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		job := weir.NewJob("blocked")
		in := weir.Rebalance(weir.From(job, "in", weir.Slice(numbers(100_000)...)))
		weir.To(weir.Map(in, func(n int64) (int64, error) { time.Sleep(time.Millisecond); return n, nil }), "out", &weir.Collector[int64]{})
		opts := options(t, 1)
		opts.NoFinalCheckpoint, opts.CheckpointInterval = true, time.Hour
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
		defer cancel()
		done := make(chan error, 1)
		go func() { done <- run.Local(ctx, job, opts) }()
		time.Sleep(19 * time.Second)
		tasks := opts.Monitor.Status().Tasks
		if len(tasks) != 2 || !tasks[0].Source || tasks[1].Source || tasks[0].Blocked < 15*time.Second || tasks[1].Blocked != 0 || tasks[1].Idle > time.Second {
			t.Errorf("tasks %+v", tasks)
		}
		<-done
	})
}

// The lock file of a job's directory names the job and the process.
func TestLockNamesTheJob(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		opts := options(t, 1)
		must(t, run.Local(t.Context(), sums(&weir.Collector[total]{}, 10, 1e6, never), opts))
		l, err := store.ReadLock(durable.OS(), glob(t, opts.CheckpointDir, "*")[0])
		if err != nil || l.JobName != "sums" || !strings.HasPrefix(l.Owner, "process ") {
			t.Errorf("%+v, %v", l, err)
		}
	})
}
