package run_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"os"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/weirstream/weir"
	"github.com/weirstream/weir/connector/ratelimit"
	"github.com/weirstream/weir/run"
)

// The tests here run in a bubble of testing/synctest: they have a clock of their own, and a
// minute of pauses takes no time.

// numbers is 1 to n.
func numbers(n int) []int64 {
	v := make([]int64, n)
	for i := range v {
		v[i] = int64(i + 1)
	}
	return v
}

// total is a number and the sum so far of all numbers with the same remainder.
type total struct {
	Rest, Number, Sum int64
}

// sums makes a job that adds up numbers by their remainder modulo 10. It calls fail before it
// adds a number.
func sums(out weir.Sink[total], n int, perSecond float64, fail func(int64) error) *weir.Job {
	job := weir.NewJob("sums")
	in := weir.From(job, "numbers", ratelimit.Source(weir.Slice(numbers(n)...), perSecond))
	byRest := weir.KeyBy(in, func(n int64) int64 { return n % 10 })
	weir.To(weir.Process(byRest, "sum", func(c *weir.KeyContext[int64], out *weir.Out[total]) func(int64) error {
		sum := weir.NewValue[int64](c, "sum")
		return func(n int64) error {
			if err := fail(n); err != nil {
				return err
			}
			s, _ := sum.Get()
			sum.Set(s + n)
			out.Emit(total{Rest: c.Key(), Number: n, Sum: s + n})
			return nil
		}
	}), "out", out)
	return job
}

func never(int64) error { return nil }

// wantSums checks the output of sums, in any order.
func wantSums(n int) []string {
	var want []string
	sum := make(map[int64]int64)
	for _, v := range numbers(n) {
		sum[v%10] += v
		want = append(want, fmt.Sprint(total{v % 10, v, sum[v%10]}))
	}
	slices.Sort(want)
	return want
}

func sorted(records []total) []string {
	var s []string
	for _, r := range records {
		s = append(s, fmt.Sprint(r))
	}
	slices.Sort(s)
	return s
}

func checkSums(t *testing.T, got []total, n int) {
	t.Helper()
	if want := wantSums(n); !slices.Equal(sorted(got), want) {
		t.Errorf("%d records, want each of %d once, with the right sum", len(got), n)
	}
}

func options(t *testing.T, parallelism int) run.Options {
	return run.Options{
		CheckpointDir: t.TempDir(), CheckpointInterval: 100 * time.Millisecond, Parallelism: parallelism,
		Monitor: &run.Monitor{}, Log: slog.New(slog.NewTextHandler(&testLog{t}, &slog.HandlerOptions{Level: slog.LevelDebug})),
	}
}

// testLog writes log lines to the log of the test.
type testLog struct{ t *testing.T }

func (l *testLog) Write(p []byte) (int, error) {
	l.t.Log(strings.TrimSpace(string(p)))
	return len(p), nil
}

func TestEveryRecordOnce(t *testing.T) {
	for _, parallelism := range []int{1, 2, 5} {
		t.Run(fmt.Sprint(parallelism), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var out weir.Collector[total]
				opts := options(t, parallelism)
				if err := run.Local(t.Context(), sums(&out, 5000, 2000, never), opts); err != nil {
					t.Fatal(err)
				}
				checkSums(t, out.Records(), 5000)
				if st := opts.Monitor.Status(); st.Completed < 20 || st.Records != 5000 {
					t.Errorf("status %+v: want 5000 records and some 25 checkpoints in 2.5 s", st)
				}
			})
		})
	}
}

// A function that fails now and then causes restarts; the output is as without failures.
func TestFailuresAreRestarted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		failures := map[int64]*atomic.Int32{500: {}, 1777: {}, 2999: {}} // subtasks share it
		failures[500].Store(1)
		failures[1777].Store(1)
		failures[2999].Store(3)
		var out weir.Collector[total]
		opts := options(t, 2)
		began := time.Now()
		err := run.Local(t.Context(), sums(&out, 3000, 1000, func(n int64) error {
			f := failures[n]
			if f == nil {
				return nil
			}
			left := f.Add(-1)
			switch {
			case left < 0:
				return nil
			case n == 1777:
				panic("one more than 1776")
			}
			return fmt.Errorf("no more of %d, %d times", n, left) // each is another failure
		}), opts)
		if err != nil {
			t.Fatal(err)
		}
		checkSums(t, out.Records(), 3000)
		st := opts.Monitor.Status()
		if st.Attempt != 6 {
			t.Errorf("%d attempts, want 6", st.Attempt)
		}
		if st.Records >= 2*3000 {
			t.Errorf("%d records read: the attempts began at the beginning, not at a checkpoint", st.Records)
		}
		// 1 s, then again 1 s because checkpoints were completed in between, then 1, 2, 4.
		if took := time.Since(began); took < 11500*time.Millisecond || took > 13*time.Second {
			t.Errorf("it took %v, want 3 s of reading and 9 s of pauses", took)
		}
	})
}

func TestAJobThatAlwaysFailsIsGivenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out weir.Collector[total]
		opts := options(t, 1)
		opts.Restart.Max, opts.Restart.GiveUpOnSame = 3, -1
		boom := errors.New("boom")
		err := run.Local(t.Context(), sums(&out, 100, 1e6, func(n int64) error { return boom }), opts)
		var op *weir.OperatorError
		if !errors.Is(err, boom) || !errors.As(err, &op) || op.Operator != "sum" {
			t.Fatalf("got %v, want boom of operator sum", err)
		}
		if n := opts.Monitor.Status().Attempt; n != 4 {
			t.Errorf("%d attempts, want 4", n)
		}
	})
}

// A function that fails twice with the same error, with no checkpoint in between, is taken to
// have a bug: the job ends after seconds and names the operator. If the error is another one
// each time, or has a cause outside of the program, the job is restarted as often as
// Restart.Max allows.
func TestTheSameFailureEndsAJob(t *testing.T) {
	calls := 0
	var unmade map[string]int
	for _, tt := range []struct {
		name     string
		fail     func(int64) error
		attempts int
	}{
		{"an error", func(int64) error { return errors.New("a bug") }, 2},
		{"an index", func(int64) error { var none []int; _ = none[calls]; return nil }, 2},
		{"a nil map", func(int64) error { unmade["a"] = 1; return nil }, 2},
		{"another each time", func(int64) error { calls++; return fmt.Errorf("attempt %d", calls) }, 4},
		{"a call", func(int64) error { return fmt.Errorf("ask the service: %w", syscall.ECONNREFUSED) }, 4},
		{"a deadline", func(int64) error { return fmt.Errorf("ask the service: %w", context.DeadlineExceeded) }, 4},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				calls = 0
				var out weir.Collector[total]
				opts := options(t, 1)
				opts.Restart.Max = 3
				began := time.Now()
				err := run.Local(t.Context(), sums(&out, 100, 1e6, tt.fail), opts)
				if err == nil || !strings.Contains(err.Error(), "operator sum, subtask 0") {
					t.Fatalf("got %v", err)
				}
				if n := opts.Monitor.Status().Attempt; n != tt.attempts {
					t.Errorf("%d attempts, want %d: %v", n, tt.attempts, err)
				}
				if same := strings.Contains(err.Error(), "the same failure came 2 times"); same != (tt.attempts == 2) {
					t.Error(err)
				}
				if took := time.Since(began); tt.attempts == 2 && took > 2*time.Second {
					t.Errorf("it took %v", took)
				}
			})
		})
	}
}

func TestAPermanentErrorIsNotRestarted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out weir.Collector[total]
		opts := options(t, 1)
		err := run.Local(t.Context(), sums(&out, 100, 1e6, func(n int64) error { return weir.Permanent(errors.New("no")) }), opts)
		if err == nil || opts.Monitor.Status().Attempt != 1 {
			t.Fatalf("%v after %d attempts, want an error after 1", err, opts.Monitor.Status().Attempt)
		}
	})
}

// A job that is stopped takes a final checkpoint. The next run goes on from it, at another
// parallelism. Once all input is read, another run does nothing.
func TestStopAndGoOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out weir.Collector[total]
		opts := options(t, 2)
		opts.CheckpointInterval = time.Hour // only the final one
		ctx, cancel := context.WithTimeout(t.Context(), 1500*time.Millisecond)
		defer cancel()
		if err := run.Local(ctx, sums(&out, 3000, 1000, never), opts); !errors.Is(err, run.ErrStopped) {
			t.Fatalf("got %v, want ErrStopped", err)
		}
		first := len(out.Records())
		if first < 1000 || first > 1700 {
			t.Errorf("%d records are visible after the stop, want about 1500", first)
		}
		opts.Parallelism, opts.Monitor = 3, &run.Monitor{}
		if err := run.Local(t.Context(), sums(&out, 3000, 1e6, never), opts); err != nil {
			t.Fatal(err)
		}
		checkSums(t, out.Records(), 3000)
		if st := opts.Monitor.Status(); st.Records != int64(3000-first) {
			t.Errorf("%d records read by the second run, want the %d that were left", st.Records, 3000-first)
		}
		opts.Monitor = &run.Monitor{}
		if err := run.Local(t.Context(), sums(&out, 3000, 1e6, never), opts); err != nil {
			t.Fatal(err)
		}
		checkSums(t, out.Records(), 3000)
		if st := opts.Monitor.Status(); st.Records != 0 {
			t.Errorf("%d records read by a run that has nothing to do", st.Records)
		}
	})
}

func TestStopWithoutFinalCheckpoint(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out weir.Collector[total]
		opts := options(t, 2)
		opts.CheckpointInterval, opts.NoFinalCheckpoint = time.Hour, true
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := run.Local(ctx, sums(&out, 3000, 1000, never), opts); !errors.Is(err, run.ErrStopped) {
			t.Fatalf("got %v, want ErrStopped", err)
		}
		if len(out.Records()) != 0 {
			t.Errorf("%d records are visible without a checkpoint", len(out.Records()))
		}
	})
}

// A stream is read by two operators, processed with a state of each kind in several tasks, and
// joined again.
func TestUnionFanOutAndEveryKindOfState(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		job := weir.NewJob("kinds")
		in := weir.From(job, "numbers", ratelimit.Source(weir.Slice(numbers(1000)...), 500))
		even := weir.Filter(in, func(n int64) (bool, error) { return n%2 == 0, nil })
		odd := weir.Map(weir.Filter(in, func(n int64) (bool, error) { return n%2 == 1, nil }), func(n int64) (int64, error) { return n, nil })
		both := weir.Union(even, odd)
		key := func(n int64) string { return fmt.Sprint("rest ", n%7) }
		var failed atomic.Bool
		var kinds weir.Collector[string]
		weir.To(weir.Process(weir.KeyBy(both, key), "kinds", func(c *weir.KeyContext[string], out *weir.Out[string]) func(int64) error {
			list := weir.NewList[int64](c, "list")
			table := weir.NewMap[int64, string](c, "map")
			most := weir.NewReducing(c, "max", func(a, b int64) (int64, error) { return max(a, b), nil })
			mean := weir.NewAggregating(c, "mean", weir.Aggregator[int64, []int64, float64]{
				Add:    func(acc []int64, n int64) ([]int64, error) { return append(slices.Clone(acc), n), nil },
				Result: func(acc []int64) (float64, error) { return float64(len(acc)), nil },
			})
			return func(n int64) error {
				if n == 900 && !failed.Swap(true) {
					return errors.New("once")
				}
				list.Add(n)
				table.Put(n%3, fmt.Sprint(n))
				if err := errors.Join(most.Add(n), mean.Add(n)); err != nil {
					return err
				}
				if list.Len() == 142 { // each remainder has 142 or 143 numbers
					m, _ := most.Get()
					count, _, err := mean.Get()
					entries := slices.Sorted(maps.Keys(maps.Collect(table.All())))
					out.Emit(fmt.Sprint(c.Key(), " ", len(slices.Collect(list.All())), " ", m > 900, " ", count, " ", entries))
					return err
				}
				return nil
			}
		}), "kinds out", &kinds)
		var sum weir.Collector[int64]
		weir.To(weir.Reduce(weir.KeyBy(both, func(int64) bool { return true }), "sum", func(a, b int64) (int64, error) { return a + b, nil }), "sum out", &sum)
		if err := run.Local(t.Context(), job, options(t, 3)); err != nil {
			t.Fatal(err)
		}
		var want []string
		for rest := range 7 {
			want = append(want, fmt.Sprintf("rest %d 142 true 142 [0 1 2]", rest))
		}
		if got := slices.Sorted(slices.Values(kinds.Records())); !slices.Equal(got, want) {
			t.Errorf("got %q, want %q", got, want)
		}
		if got := slices.Max(sum.Records()); got != 500500 || len(sum.Records()) != 1000 {
			t.Errorf("the sum is %d after %d records, want 500500 after 1000", got, len(sum.Records()))
		}
	})
}

func TestMistakesAreFoundBeforeAnythingRuns(t *testing.T) {
	in := func(j *weir.Job) weir.Stream[int64] { return weir.From(j, "in", weir.Slice[int64](1)) }
	key := func(n int64) int64 { return n }
	add := func(a, b int64) (int64, error) { return a + b, nil }
	for _, tt := range []struct {
		name, want string
		build      func(*weir.Job)
	}{
		{"two of one name", `two operators are named "x"`, func(j *weir.Job) {
			weir.To(weir.Reduce(weir.KeyBy(in(j), key), "x", add), "x", &weir.Collector[int64]{})
		}},
		{"no name", "a reduce has no name", func(j *weir.Job) {
			weir.To(weir.Reduce(weir.KeyBy(in(j), key), "", add), "out", &weir.Collector[int64]{})
		}},
		{"no sink", "reduced: nothing reads its output", func(j *weir.Job) { weir.Reduce(weir.KeyBy(in(j), key), "reduced", add) }},
		{"key without a codec", "complex128", func(j *weir.Job) {
			weir.To(weir.Reduce(weir.KeyBy(in(j), func(n int64) complex128 { return complex(float64(n), 0) }), "r", add), "out", &weir.Collector[int64]{})
		}},
		{"state declared twice", "declared twice", func(j *weir.Job) {
			weir.To(weir.Process(weir.KeyBy(in(j), key), "p", func(c *weir.KeyContext[int64], out *weir.Out[int64]) func(int64) error {
				weir.NewValue[int64](c, "a")
				weir.NewList[string](c, "a")
				return func(int64) error { return nil }
			}), "out", &weir.Collector[int64]{})
		}},
		{"empty", "no operators", func(*weir.Job) {}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			job := weir.NewJob("wrong")
			tt.build(job)
			opts := options(t, 1)
			err := run.Local(t.Context(), job, opts)
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want %q", err, tt.want)
			}
			if st := opts.Monitor.Status(); st.Records > 0 {
				t.Errorf("%d records were read", st.Records)
			}
		})
	}
}

// Options that do not fit the job are refused, with the operator's name.
func TestOptionsThatDoNotFitTheJob(t *testing.T) {
	for name, test := range map[string]struct {
		set  func(*run.Options)
		n    int
		want []string
	}{
		"more subtasks than key groups": {func(o *run.Options) { o.MaxParallelism = 2 }, 5, []string{"reduced", "5", "max parallelism 2"}},
		"splits of no source":           {func(o *run.Options) { o.ForgetSplits = map[string][]string{"ni": {"a"}} }, 1, []string{`"ni"`, `"in"`}},
	} {
		t.Run(name, func(t *testing.T) {
			job := weir.NewJob("unfit")
			in := weir.KeyBy(weir.From(job, "in", weir.Slice(numbers(3)...)), func(n int64) int64 { return n })
			weir.To(weir.Reduce(in, "reduced", func(a, b int64) (int64, error) { return a + b, nil }).Parallelism(test.n), "out", &weir.Collector[int64]{})
			opts := options(t, 1)
			test.set(&opts)
			ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
			defer cancel()
			err := run.Local(ctx, job, opts)
			var wrong *run.OptionsError
			if !errors.As(err, &wrong) {
				t.Fatalf("the job ended with %v", err)
			}
			for _, want := range test.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("%v\ndoes not say %s", err, want)
				}
			}
			if entries, _ := os.ReadDir(opts.CheckpointDir); len(entries) > 0 {
				t.Errorf("%v was written", entries)
			}
		})
	}
}

var _ io.Writer = (*testLog)(nil)
