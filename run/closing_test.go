package run_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/weirstream/weir"
	"github.com/weirstream/weir/connector/generator"
	"github.com/weirstream/weir/connector/ratelimit"
	"github.com/weirstream/weir/run"
)

// What a function does at its end can fail, and can be wrong. A job that would have ended well
// fails then; one that has failed already or is stopped says so in its log.
func TestWhatGoesWrongAtTheEnd(t *testing.T) {
	late := func(set func(c *weir.Context, emit func())) func(*weir.Job) weir.Stream[int64] {
		return func(job *weir.Job) weir.Stream[int64] {
			return weir.FlatMapWith(weir.From(job, "in", weir.Slice(numbers(10)...)), func(c *weir.Context, out *weir.Out[int64]) func(int64) error {
				set(c, func() { out.Emit(-1) })
				return func(v int64) error { out.Emit(v); return nil }
			})
		}
	}
	for name, test := range map[string]struct {
		build func(*weir.Job) weir.Stream[int64]
		want  string
	}{
		"an error": {late(func(c *weir.Context, _ func()) {
			c.OnClose(func() error { return errors.New("cannot flush") })
		}), "cannot flush"},
		"a panic": {late(func(c *weir.Context, _ func()) {
			c.OnClose(func() error { panic("cannot flush") })
		}), "cannot flush"},
		"records at the end": {late(func(c *weir.Context, emit func()) {
			c.OnClose(func() error { emit(); return nil })
		}), "records were emitted while the function"},
		"records after the last checkpoint": {late(func(c *weir.Context, emit func()) {
			c.OnComplete(func(weir.CheckpointID) error { emit(); return nil })
		}), "records were emitted while the function"},
		"records of a side output at the end": {late(func(c *weir.Context, _ func()) {
			side := weir.Side(c, weir.NewTag[int64]("side"))
			c.OnClose(func() error { side.Emit(-1); return nil })
		}), "records were emitted while the function"},
		"an operator with state": {func(job *weir.Job) weir.Stream[int64] {
			in := weir.From(job, "in", weir.Slice(numbers(10)...))
			return weir.Process(weir.KeyBy(in, func(n int64) int64 { return n }), "flatmap", func(c *weir.KeyContext[int64], out *weir.Out[int64]) func(int64) error {
				c.OnClose(func() error { return errors.New("cannot flush") })
				return func(v int64) error { out.Emit(v); return nil }
			})
		}, "cannot flush"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				job := weir.NewJob("closing")
				var out weir.Collector[int64]
				weir.To(test.build(job), "out", &out)
				err := run.Local(t.Context(), job, options(t, 2))
				if err == nil || !strings.Contains(err.Error(), test.want) || !strings.Contains(err.Error(), "flatmap") || !weir.IsPermanent(err) {
					t.Errorf("the job ended with %v", err)
				}
				if got := out.Records(); len(got) != 10 {
					t.Errorf("%d records are visible, want the 10 that belong to the final checkpoint", len(got))
				}
			})
		})
	}
}

// An error at the end does not hide why the job ended.
func TestAnErrorAtTheEndHidesNothing(t *testing.T) {
	build := func(fail func(int64) error) *weir.Job {
		job := weir.NewJob("closing")
		weir.To(weir.MapWith(weir.From(job, "in", ratelimit.Source(generator.Source(-1, func(i int64) int64 { return i }), 1000)), func(c *weir.Context) func(int64) (int64, error) {
			c.OnClose(func() error { return errors.New("cannot flush") })
			return func(v int64) (int64, error) { return v, fail(v) }
		}), "out", &weir.Collector[int64]{})
		return job
	}
	synctest.Test(t, func(t *testing.T) {
		log, opts := &lines{}, options(t, 2)
		opts.Log = log.logger()
		ctx, cancel := context.WithCancel(t.Context())
		job := build(func(int64) error { cancel(); return nil })
		if err := run.Local(ctx, job, opts); !errors.Is(err, run.ErrStopped) || weir.IsPermanent(err) {
			t.Errorf("a stopped job ended with %v", err)
		}
		if log.count("could not be closed", "cannot flush") == 0 {
			t.Errorf("the log of a stopped job:\n%s", log.text())
		}
	})
	synctest.Test(t, func(t *testing.T) {
		job := build(func(int64) error { return weir.Permanent(errors.New("boom")) })
		err := run.Local(t.Context(), job, options(t, 1))
		if err == nil || !strings.Contains(err.Error(), "boom") || !strings.Contains(err.Error(), "cannot flush") {
			t.Errorf("a job that fails ended with %v", err)
		}
	})
}
