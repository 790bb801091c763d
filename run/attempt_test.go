package run_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/weirstream/weir"
	"github.com/weirstream/weir/connector/ratelimit"
	"github.com/weirstream/weir/run"
)

// A placed sink notes what its writers are told of their place.
type placed struct {
	*weir.Collector[int64]
	opened *[]weir.SinkContext
}

func (p placed) Open(ctx context.Context, c weir.SinkContext) (weir.Writer[int64], error) {
	*p.opened = append(*p.opened, c)
	return p.Collector.Open(ctx, c)
}

// Incarnation, attempt and subtask of a writer are never the same again: a file that is named
// after them is a new one. The figures count the records of all attempts, and say where the run
// began, not where the last attempt did.
func TestEveryAttemptHasAPlaceOfItsOwn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var opened []weir.SinkContext
		opts := options(t, 1)
		var read int64
		for i := range 3 {
			failed := false
			job := weir.NewJob("places")
			in := weir.From(job, "in", ratelimit.Source(weir.Slice(numbers(1000*(i+1))...), 1000))
			mapped := weir.Map(in, func(n int64) (int64, error) {
				if read++; n == int64(1000*i+500) && !failed {
					failed = true
					return 0, errors.New("once")
				}
				return n, nil
			})
			weir.To(mapped, "out", weir.Sink[int64](placed{&weir.Collector[int64]{}, &opened}))
			before := opts.Monitor.Status().LastComplete
			opts.Monitor, read = &run.Monitor{}, 0
			must(t, run.Local(t.Context(), job, opts))
			st := opts.Monitor.Status()
			if st.Restored != before || st.Attempt != 2 {
				t.Errorf("run %d: status %+v, want that it began with checkpoint %d and had 2 attempts", i, st, before)
			}
			// What is in the gate when the attempt fails has not come to the function.
			if st.Records < read || st.Records > read+100 {
				t.Errorf("run %d: %d records were read, and %d came to the function", i, st.Records, read)
			}
		}
		var got []string
		for _, c := range opened {
			got = append(got, fmt.Sprintf("%s/%s %v.%d.%d", c.Job, c.Operator, c.Incarnation, c.Attempt, c.Subtask))
		}
		want := []string{"places/out 1.1.0", "places/out 1.2.0", "places/out 2.1.0", "places/out 2.2.0", "places/out 3.1.0", "places/out 3.2.0"}
		if !slices.Equal(got, want) {
			t.Errorf("opened as %q, want %q", got, want)
		}
	})
}

// recovering is a sink whose Abort, which is part of a start, does something else first.
type recovering struct {
	*weir.Collector[int64]
	abort func(context.Context) error
}

func (r recovering) Abort(ctx context.Context, id weir.SinkID) error {
	if err := r.abort(ctx); err != nil {
		return err
	}
	return r.Collector.Abort(ctx, id)
}

// A job that is stopped during its start is stopped, whether user code heeds its context or
// not. Operators that were opened are closed.
func TestStoppedDuringTheStart(t *testing.T) {
	for name, abort := range map[string]func(context.Context) error{
		"heeds":        func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() },
		"heeds not":    func(context.Context) error { time.Sleep(10 * time.Second); return nil },
		"says another": func(ctx context.Context) error { <-ctx.Done(); return fmt.Errorf("list the table: %w", ctx.Err()) },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				opened, closed := 0, 0
				job := weir.NewJob("start")
				in := weir.MapWith(weir.From(job, "in", weir.Slice(numbers(10)...)), func(c *weir.Context) func(int64) (int64, error) {
					opened++
					c.OnClose(func() error { closed++; return errors.New("logged") })
					return func(n int64) (int64, error) { return n, nil }
				})
				weir.To(in, "out", weir.Sink[int64](recovering{&weir.Collector[int64]{}, abort}))
				ctx, cancel := context.WithTimeoutCause(t.Context(), time.Second, errors.New("enough"))
				defer cancel()
				opts := options(t, 1)
				log := &lines{}
				opts.Log = log.logger()
				err := run.Local(ctx, job, opts)
				if !errors.Is(err, run.ErrStopped) || !strings.Contains(err.Error(), "enough") {
					t.Errorf("got %v, want ErrStopped and the cause", err)
				}
				if opened != 1 || closed != 1 || log.count("close a task that has not run", "logged") != 1 {
					t.Errorf("%d opened, %d closed:\n%s", opened, closed, log.text())
				}
			})
		})
	}
}

// If an operator cannot be opened, those that were opened before it are closed, in its own chain
// and in others.
func TestOperatorsAreClosedIfOneCannotBeOpened(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		opened, closed := 0, 0
		job := weir.NewJob("half")
		with := func(in weir.Stream[int64], good bool) weir.Stream[int64] {
			return weir.MapWith(in, func(c *weir.Context) func(int64) (int64, error) {
				opened++
				c.OnClose(func() error { closed++; return nil })
				if !good {
					return nil
				}
				return func(n int64) (int64, error) { return n, nil }
			})
		}
		first := with(weir.From(job, "in", weir.Slice(numbers(10)...)), true)
		second := with(with(weir.Rebalance(first), false), true)
		weir.To(second, "out", &weir.Collector[int64]{})
		if err := run.Local(t.Context(), job, options(t, 2)); err == nil || !weir.IsPermanent(err) || opened != 4 || closed != 4 {
			t.Errorf("%d opened, %d closed, %v", opened, closed, err)
		}
	})
}

// A job that is too large for a process is refused before anything is built.
func TestAJobThatDoesNotFit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out weir.Collector[total]
		err := run.Local(t.Context(), sums(&out, 10, 1e6, never), options(t, 4096))
		if err == nil || !weir.IsPermanent(err) || !strings.Contains(err.Error(), "channels between its subtasks") {
			t.Errorf("got %v", err)
		}
	})
}

// If prepared output cannot be made visible, the error names the checkpoint that it belongs to,
// also if the run was told to start from another one.
func TestPreparedOutputThatIsPassedOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out weir.Collector[int64]
		opts := options(t, 1)
		opts.Restart.Max = -1
		if err := run.Local(t.Context(), renamed("out", "keep", weir.Sink[int64](neverCommits{&out})), opts); err == nil {
			t.Fatal("the commit has not failed")
		}
		newest := opts.Monitor.Status().LastComplete
		opts.From = run.None
		err := run.Local(t.Context(), renamed("out", "keep", weir.Sink[int64](halfDamaged{&out, new(string)})), opts)
		want := fmt.Sprintf("checkpoint %d in %s", newest, filepath.ToSlash(glob(t, opts.CheckpointDir, "*", fmt.Sprint("chk-", newest))[0]))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	})
}

// The error of user code that does not return says why the job was to end, unless it was
// stopped.
func TestWhyStuckUserCodeWasToEnd(t *testing.T) {
	for _, stopped := range []bool{true, false} {
		synctest.Test(t, func(t *testing.T) {
			hang := make(chan struct{})
			job := weir.NewJob("stuck")
			hangs := weir.Map(weir.From(job, "in", weir.Slice(numbers(1)...)), func(n int64) (int64, error) { <-hang; return n, nil })
			fails := weir.Map(weir.From(job, "in 2", weir.Slice(numbers(1)...)), func(n int64) (int64, error) {
				if !stopped {
					time.Sleep(time.Second) // the other one hangs by now
					return 0, errors.New("boom")
				}
				return n, nil
			})
			var claims []weir.Claim
			holds := 0
			weir.To(hangs, "out", weir.Sink[int64](claimed{&weir.Collector[int64]{}, &claims, &holds, nil}))
			weir.To(fails, "out 2", &weir.Collector[int64]{})
			opts := options(t, 1)
			opts.CancelTimeout, opts.NoFinalCheckpoint = 2*time.Minute, true
			log := &lines{}
			opts.Log = log.logger()
			ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
			defer cancel()
			began := time.Now()
			err := run.Local(ctx, job, opts)
			if err == nil || !strings.Contains(err.Error(), "user code has not returned 2m0s after") || strings.Contains(err.Error(), "The job was to end because:") == stopped {
				t.Errorf("stopped %t: got %v", stopped, err)
			}
			if want := 2*time.Minute + time.Second; !stopped && (time.Since(began) != want || !strings.Contains(err.Error(), "boom") || opts.Monitor.Status().Failures["stuck"] != 1) {
				t.Errorf("after %v, %v: %v", time.Since(began), opts.Monitor.Status().Failures, err)
			}
			if n := log.count("user code has not returned after it was told to stop", "in -> map#1"); n != 3 {
				t.Errorf("said %d times in 2 minutes, want 3:\n%s", n, log.text())
			}
			if strings.Contains(err.Error(), "map#3") && !strings.Contains(err.Error(), "boom") {
				t.Errorf("it names code that has returned: %v", err)
			}
			if holds != 1 {
				t.Errorf("%d places are held while user code still runs", holds)
			}
			close(hang)
			if synctest.Wait(); holds != 0 {
				t.Errorf("%d places are held after it has returned", holds)
			}
		})
	}
}
