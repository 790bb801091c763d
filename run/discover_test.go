package run_test

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/weirstream/weir"
	"github.com/weirstream/weir/connector/ratelimit"
	"github.com/weirstream/weir/run"
)

// listed is a source that counts how often it is asked for its splits.
type listed struct {
	weir.Source[int64]
	calls *atomic.Int64
}

func (l listed) Splits(ctx context.Context) ([]string, error) {
	l.calls.Add(1)
	return l.Source.Splits(ctx)
}

// A bounded source is asked for its splits at the start, and never again.
func TestBoundedSourcesAreAskedOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var calls atomic.Int64
		job := weir.NewJob("bounded")
		weir.To(weir.From(job, "in", weir.Source[int64](listed{ratelimit.Source(weir.Slice(numbers(100)...), 10), &calls})), "out", &weir.Collector[int64]{})
		if err := run.Local(t.Context(), job, options(t, 2)); err != nil || calls.Load() != 1 {
			t.Errorf("asked %d times in 10 s, %v", calls.Load(), err)
		}
	})
}

// planned is a source whose plan is made by a function.
type planned struct {
	comesAndGoes
	plan func() (weir.SplitPlan, error)
}

func (p planned) PlanSplits(context.Context, []weir.Split) (weir.SplitPlan, error) { return p.plan() }

// If the splits of a source cannot be listed while the job runs, or the list is wrong, the
// attempt fails. The end of the job is no failure.
func TestSplitsThatCannotBeListed(t *testing.T) {
	for want, bad := range map[string]func() (weir.SplitPlan, error){
		"source in: list splits: boom":       func() (weir.SplitPlan, error) { return weir.SplitPlan{}, errors.New("boom") },
		"source in: a split has an empty id": func() (weir.SplitPlan, error) { return weir.SplitPlan{Read: []weir.Split{{}}}, nil },
	} {
		synctest.Test(t, func(t *testing.T) {
			var calls atomic.Int64
			job := weir.NewJob("unlisted")
			source := planned{plan: func() (weir.SplitPlan, error) {
				if calls.Add(1) == 3 {
					return bad()
				}
				return weir.SplitPlan{Read: []weir.Split{{ID: "a"}}}, nil
			}}
			var out weir.Collector[string]
			weir.To(weir.From(job, "in", weir.Source[string](source)), "out", &out)
			ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
			defer cancel()
			opts := options(t, 1)
			if err := run.Local(ctx, job, opts); !errors.Is(err, run.ErrStopped) {
				t.Errorf("ended with %v", err)
			}
			if st := opts.Monitor.Status(); st.Attempt != 2 || !strings.Contains(st.LastFailure, want) {
				t.Errorf("%d attempts; the first has failed with %q, want %q", st.Attempt, st.LastFailure, want)
			}
		})
	}
}
