package run_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/weirstream/weir"
	"github.com/weirstream/weir/connector/ratelimit"
	"github.com/weirstream/weir/run"
)

// service is what an asynchronous operator asks: it takes its time, and counts.
type service struct {
	now, most, asked atomic.Int64
	mu               sync.Mutex
	times            map[int64]int // how often each key was asked about
	takes            func(n int64) time.Duration
}

// seed returns a seed, printed.
func seed(t *testing.T) *rand.Rand {
	n := rand.Uint64()
	t.Logf("seed %d", n)
	return rand.New(rand.NewPCG(n, n))
}

// randomly takes some time up to most, the same one for the same key.
func randomly(rng *rand.Rand, most time.Duration) func(int64) time.Duration {
	salt := rng.Uint64()
	return func(n int64) time.Duration {
		return time.Duration(rand.New(rand.NewPCG(salt, uint64(n))).Int64N(int64(most)))
	}
}

func (s *service) ask(ctx context.Context, n int64) error {
	now := s.now.Add(1)
	defer s.now.Add(-1)
	for most := s.most.Load(); now > most && !s.most.CompareAndSwap(most, now); most = s.most.Load() {
	}
	s.asked.Add(1)
	s.mu.Lock()
	if s.times == nil {
		s.times = make(map[int64]int)
	}
	s.times[n]++
	s.mu.Unlock()
	select {
	case <-time.After(s.takes(n)):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (s *service) double(ctx context.Context, n int64) (int64, error) { return 2 * n, s.ask(ctx, n) }

func (s *service) timed(ctx context.Context, r timed) (timed, error) {
	return r, s.ask(ctx, int64(r.At))
}

// Answers come in the order of the records, or not; either way each record has one, with its
// timestamp, and none comes after a watermark that it was before. There are never more
// requests at a time than the capacity, and often as many.
func TestAsync(t *testing.T) {
	for _, unordered := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			rng := seed(t)
			const places = 40
			records := disordered(2000, places)
			s := &service{takes: randomly(rng, time.Second)}
			var out weir.Collector[timed]
			job := weir.NewJob("async")
			in := weir.From(job, "in", weir.Slice(records...), weir.OutOfOrder(places*time.Second, at))
			answers := weir.Async(in, "ask", weir.AsyncOptions{Capacity: 20, Unordered: unordered}, s.timed)
			weir.To(watching(answers, "watch"), "out", &out)
			opts := options(t, 1)
			opts.CheckpointInterval = 5 * time.Second
			if err := run.Local(t.Context(), job, opts); err != nil {
				t.Fatal(err)
			}
			got := out.Records()
			moved, overtaken := 0, 0
			for i, r := range got {
				if r.Timestamp != r.At || r.Watermark >= r.At {
					t.Fatalf("%+v came after a watermark at or above its timestamp", r)
				}
				if r.Watermark > weir.MinTime {
					moved++
				}
				if r.At != records[i].At {
					overtaken++
				}
			}
			if len(got) != 2000 || moved < 500 || (overtaken > 0) != unordered {
				t.Errorf("%d answers, %d after a watermark, %d at another place", len(got), moved, overtaken)
			}
			if most := s.most.Load(); most != 20 {
				t.Errorf("%d requests at a time, want 20", most)
			}
		})
	}
}

// A watermark waits for the answers before it, and for none after it: here the record after
// the watermark is answered first.
func TestAsyncMarksKeepTheirPlace(t *testing.T) {
	for _, unordered := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			s := &shelf{logs: map[string]*shelfLog{"log": {}}, committed: map[string][]uint64{}}
			zero := time.Now()
			var mu sync.Mutex
			var seen []string
			job := weir.NewJob("marks")
			lines := weir.From(job, "lines", weir.Source[string](s), weir.Monotonous(timeOf))
			ask := weir.Async(lines, "ask", weir.AsyncOptions{Capacity: 9, Unordered: unordered}, func(_ context.Context, line string) (string, error) {
				var takes int64
				fmt.Sscan(strings.Fields(line)[2], &takes)
				time.Sleep(time.Duration(takes) * time.Second)
				return line, nil
			})
			byKey := weir.KeyBy(ask, func(line string) string { return "one" })
			fired := weir.Process(byKey, "timers", func(c *weir.KeyContext[string], out *weir.Out[string]) func(string) error {
				say := func(what string) {
					mu.Lock()
					defer mu.Unlock()
					seen = append(seen, fmt.Sprintf("%s at %d", what, int(time.Since(zero).Seconds())))
				}
				timers := c.EventTimers("t", func(at weir.Time) error { say(fmt.Sprint("timer ", int64(at))); return nil })
				return func(line string) error {
					say(strings.Fields(line)[0])
					timers.Register(c.Timestamp())
					return nil
				}
			})
			weir.To(fired, "out", &weir.Collector[string]{})
			opts := options(t, 1)
			opts.CheckpointInterval = time.Hour
			stop := started(t, job, opts)
			add := func(lines ...string) {
				s.change(func() { s.logs["log"].lines = append(s.logs["log"].lines, lines...) })
				time.Sleep(10 * time.Second)
			}
			add("a 1 100", "b 2 50")
			add("c 3 1")
			time.Sleep(5 * time.Minute)
			add("d 9 0")
			stop()
			mu.Lock()
			defer mu.Unlock()
			for i := range seen { // when the source looks is its own matter
				var what string
				var n int
				if _, err := fmt.Sscanf(seen[i], "%s at %d", &what, &n); err == nil {
					seen[i] = fmt.Sprintf("%s at %d", what, n/10*10)
				}
			}
			want := "[a at 100 b at 100 timer 1 at 100 c at 100 timer 2 at 100 d at 320 timer 3 at 320]"
			if unordered {
				want = "[b at 50 a at 100 timer 1 at 100 c at 100 timer 2 at 100 d at 320 timer 3 at 320]"
			}
			if got := fmt.Sprint(seen); got != want {
				t.Errorf("unordered %t: got\n%s, want\n%s", unordered, got, want)
			}
		})
	}
}

// Requests in flight are in the checkpoint: when a job is stopped, or fails, they are made
// again, also at another parallelism, and each record has one answer.
func TestAsyncRestart(t *testing.T) {
	for _, unordered := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			rng := seed(t)
			const n = 2000
			var out weir.Collector[int64]
			s := &service{takes: randomly(rng, 200*time.Millisecond)}
			var fails atomic.Int64
			build := func() *weir.Job {
				job := weir.NewJob("restart")
				in := weir.From(job, "in", ratelimit.Source(weir.Slice(numbers(n)...), 100))
				ask := weir.Async(weir.Rebalance(in), "ask", weir.AsyncOptions{Capacity: 7, Unordered: unordered}, func(ctx context.Context, v int64) (int64, error) {
					if n := fails.Add(1); n == 200 || n == 900 || n == 1500 {
						return 0, fmt.Errorf("failure %d", n)
					}
					return s.double(ctx, v)
				})
				weir.To(ask, "out", &out)
				return job
			}
			opts := options(t, 1)
			opts.CheckpointInterval = 2 * time.Second
			opts.Restart.Max = 1000
			lives := 0
			for ; lives < 50; lives++ {
				opts.Parallelism = []int{2, 1, 3, 3}[lives%4]
				ctx, cancel := context.WithTimeout(t.Context(), time.Duration(2+rng.IntN(5))*time.Second)
				err := run.Local(ctx, build(), opts)
				cancel()
				if err == nil {
					break
				}
				if !errors.Is(err, run.ErrStopped) && !strings.Contains(err.Error(), "operator ask") {
					t.Fatal(err)
				}
			}
			got := out.Records()
			slices.Sort(got)
			for i, v := range got {
				if v != 2*int64(i+1) {
					t.Fatalf("answer %d is %d", i, v)
				}
			}
			again := 0
			for _, times := range s.times {
				again += times - 1
			}
			if len(got) != n || lives < 2 || again == 0 {
				t.Errorf("%d answers in %d lives, %d requests made again", len(got), lives, again)
			}
		})
	}
}

// A stop does not wait for answers; the next run asks again, in the same order.
func TestAsyncStopKeepsRequests(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out weir.Collector[int64]
		answers := false
		build := func() *weir.Job {
			job := weir.NewJob("stop")
			in := weir.From(job, "in", weir.Slice(numbers(10)...))
			weir.To(weir.Async(in, "ask", weir.AsyncOptions{Capacity: 3}, func(ctx context.Context, n int64) (int64, error) {
				if answers {
					return n, nil
				}
				<-ctx.Done()
				return 0, ctx.Err()
			}), "out", &out)
			return job
		}
		opts := options(t, 1)
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		defer cancel()
		began := time.Now()
		if err := run.Local(ctx, build(), opts); !errors.Is(err, run.ErrStopped) {
			t.Fatal(err)
		}
		if took := time.Since(began); took > time.Second || len(out.Records()) > 0 {
			t.Errorf("the stop took %v, and there are %d answers", took, len(out.Records()))
		}
		answers = true
		if err := run.Local(t.Context(), build(), opts); err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(out.Records(), numbers(10)) {
			t.Errorf("got %v", out.Records())
		}
	})
}

// A request that takes too long fails the job, and says which it was; or it gets what the
// function for this case returns. That holds for a function that does not heed its context,
// too, which keeps its place until it returns.
func TestAsyncTimeout(t *testing.T) {
	for _, heeds := range []bool{true, false} {
		ask := func(ctx context.Context, n int64) (int64, error) {
			switch {
			case n != 5:
				return n, nil
			case heeds:
				<-ctx.Done()
				return 0, ctx.Err()
			}
			time.Sleep(time.Minute)
			return -1, nil
		}
		build := func(out *weir.Collector[int64], onTimeout ...func(int64) (int64, error)) *weir.Job {
			job := weir.NewJob("timeout")
			in := weir.From(job, "in", weir.Slice(numbers(10)...))
			weir.To(weir.Async(in, "ask", weir.AsyncOptions{Capacity: 2, Timeout: 3 * time.Second}, ask, onTimeout...), "out", out)
			return job
		}
		synctest.Test(t, func(t *testing.T) {
			opts := options(t, 1)
			opts.Restart.Max = -1
			err := run.Local(t.Context(), build(&weir.Collector[int64]{}), opts)
			var late *weir.AsyncTimeoutError
			if !errors.As(err, &late) || late.Record != int64(5) || !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "ask") {
				t.Errorf("got %v", err)
			}
		})
		synctest.Test(t, func(t *testing.T) {
			var out weir.Collector[int64]
			began := time.Now()
			if err := run.Local(t.Context(), build(&out, func(n int64) (int64, error) { return -n, nil }), options(t, 1)); err != nil {
				t.Fatal(err)
			}
			if want := []int64{1, 2, 3, 4, -5, 6, 7, 8, 9, 10}; !slices.Equal(out.Records(), want) {
				t.Errorf("got %v", out.Records())
			}
			if took := time.Since(began); heeds && took > 4*time.Second {
				t.Errorf("it took %v", took)
			}
		})
		synctest.Test(t, func(t *testing.T) { // an answer that comes after its time is no second one
			var out weir.Collector[int64]
			job := weir.NewJob("too late")
			in := weir.From(job, "in", ratelimit.Source(weir.Slice(numbers(100)...), 1))
			o := weir.AsyncOptions{Capacity: 3, Timeout: 3 * time.Second, Unordered: true}
			weir.To(weir.Async(in, "ask", o, ask, func(n int64) (int64, error) { return -n, nil }), "out", &out)
			opts := options(t, 1)
			opts.CheckpointInterval = 30 * time.Second
			if err := run.Local(t.Context(), job, opts); err != nil {
				t.Fatal(err)
			}
			if n := len(out.Records()); n != 100 {
				t.Errorf("%d answers, want 100", n)
			}
		})
		synctest.Test(t, func(t *testing.T) {
			opts := options(t, 1)
			opts.Restart.Max = -1
			err := run.Local(t.Context(), build(&weir.Collector[int64]{}, func(n int64) (int64, error) { return 0, fmt.Errorf("no way out for %d", n) }), opts)
			if err == nil || !strings.Contains(err.Error(), "no way out for 5") {
				t.Errorf("got %v", err)
			}
		})
	}
}

// A request is made again as long as Retry says so, after its pauses, within the timeout.
func TestAsyncRetry(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		var calls []string
		zero := time.Now()
		var out weir.Collector[int64]
		job := weir.NewJob("retry")
		in := weir.From(job, "in", weir.Slice(numbers(3)...))
		o := weir.AsyncOptions{Capacity: 1, Timeout: 10 * time.Second, Retry: func(attempt int, err error) (time.Duration, bool) {
			return time.Duration(attempt) * time.Second, !strings.Contains(err.Error(), "hopeless")
		}}
		n := map[int64]int{}
		weir.To(weir.Async(in, "ask", o, func(_ context.Context, v int64) (int64, error) {
			mu.Lock()
			defer mu.Unlock()
			n[v]++
			calls = append(calls, fmt.Sprintf("%d after %v", v, time.Since(zero).Round(time.Second)))
			if v == 2 && n[v] < 4 || v == 3 {
				return 0, fmt.Errorf("not now")
			}
			return v, nil
		}, func(v int64) (int64, error) { return -v, nil }), "out", &out)
		opts := options(t, 1)
		if err := run.Local(t.Context(), job, opts); err != nil {
			t.Fatal(err)
		}
		want := "[1 after 0s 2 after 0s 2 after 1s 2 after 3s 2 after 6s 3 after 6s 3 after 7s 3 after 9s 3 after 12s 3 after 16s]"
		if got := fmt.Sprint(calls); got != want {
			t.Errorf("got  %s,\nwant %s", got, want)
		}
		if !slices.Equal(out.Records(), []int64{1, 2, -3}) {
			t.Errorf("answers %v", out.Records())
		}
	})
}

// What goes wrong in another goroutine fails the operator, as it would in its own.
func TestAsyncFailures(t *testing.T) {
	for want, ask := range map[string]func(context.Context, int64) (int64, error){
		"out of order":       func(context.Context, int64) (int64, error) { return 0, errors.New("out of order") },
		"panic: oh":          func(context.Context, int64) (int64, error) { panic("oh") },
		"runtime.Goexit":     func(context.Context, int64) (int64, error) { runtime.Goexit(); return 0, nil },
		"index out of range": func(_ context.Context, n int64) (int64, error) { return numbers(1)[n+1], nil },
		"panic: of a retry":  func(context.Context, int64) (int64, error) { return 0, errors.New("again") },
	} {
		synctest.Test(t, func(t *testing.T) {
			job := weir.NewJob("failures")
			o := weir.AsyncOptions{Capacity: 4}
			if strings.Contains(want, "retry") {
				o.Retry = func(int, error) (time.Duration, bool) { panic("of a retry") }
			}
			in := weir.From(job, "in", weir.Slice(numbers(100)...))
			weir.To(weir.Async(in, "ask", o, ask), "out", &weir.Collector[int64]{})
			opts := options(t, 1)
			opts.Restart.Max = 2
			err := run.Local(t.Context(), job, opts)
			var of *weir.OperatorError
			if !errors.As(err, &of) || of.Operator != "ask" || !strings.Contains(err.Error(), want) {
				t.Errorf("got %v, want %s", err, want)
			}
		})
	}
}

// While requests are in flight the input waits: no more is taken in than the capacity and two
// batches.
func TestAsyncHoldsInputBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var read atomic.Int64
		job := weir.NewJob("back")
		in := weir.Map(weir.From(job, "in", weir.Slice(numbers(20_000)...)), func(n int64) (int64, error) { read.Add(1); return n, nil })
		s := &service{takes: func(int64) time.Duration { return time.Hour }}
		weir.To(weir.Async(in, "ask", weir.AsyncOptions{Capacity: 5}, s.double), "out", &weir.Collector[int64]{})
		opts := options(t, 1)
		opts.NoFinalCheckpoint = true
		opts.CheckpointInterval = time.Hour
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		if err := run.Local(ctx, job, opts); !errors.Is(err, run.ErrStopped) {
			t.Fatal(err)
		}
		if n := read.Load(); n > 5+2*512 || s.asked.Load() != 5 {
			t.Errorf("%d records were read, and %d asked about", n, s.asked.Load())
		}
	})
}

// Answers that wait for their turn count: while the first request has no answer, there are no
// more than the capacity.
func TestAsyncAnswersThatWaitCount(t *testing.T) {
	for _, unordered := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			job := weir.NewJob("turn")
			in := weir.From(job, "in", weir.Slice(numbers(400)...))
			s := &service{takes: func(n int64) time.Duration {
				if n == 1 {
					return time.Minute
				}
				return time.Millisecond
			}}
			var before int64
			weir.To(weir.Async(in, "ask", weir.AsyncOptions{Capacity: 5, Unordered: unordered}, func(ctx context.Context, n int64) (int64, error) {
				v, err := s.double(ctx, n)
				if n == 1 {
					before = s.asked.Load()
				}
				return v, err
			}), "out", &weir.Collector[int64]{})
			opts := options(t, 1)
			opts.CheckpointInterval = time.Hour
			if err := run.Local(t.Context(), job, opts); err != nil {
				t.Fatal(err)
			}
			if want := map[bool]int64{false: 5, true: 400}[unordered]; before != want {
				t.Errorf("unordered %t: %d requests before the first was answered, want %d", unordered, before, want)
			}
		})
	}
}

// A job that is stopped and drained waits for all answers.
func TestAsyncDrain(t *testing.T) {
	for _, unordered := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			s := &shelf{logs: map[string]*shelfLog{"log": {lines: []string{"a 1", "a 2", "a 3"}}}, committed: map[string][]uint64{}}
			var out weir.Collector[string]
			job := weir.NewJob("drain")
			lines := weir.From(job, "lines", weir.Source[string](s), weir.Monotonous(timeOf))
			ask := weir.Async(lines, "ask", weir.AsyncOptions{Capacity: 2, Unordered: unordered}, func(_ context.Context, line string) (string, error) {
				time.Sleep(time.Minute)
				return line, nil
			})
			byKey := weir.KeyBy(weir.Filter(ask, func(string) (bool, error) { return true, nil }), func(string) string { return "k" })
			weir.To(weir.Process(byKey, "end", func(c *weir.KeyContext[string], out *weir.Out[string]) func(string) error {
				end := c.EventTimer("end", func(weir.Time) error { out.Emit("end"); return nil })
				return func(line string) error { end.Set(weir.MaxTime); out.Emit(line); return nil }
			}), "out", &out)
			opts := options(t, 1)
			opts.Drain, opts.CheckpointInterval = true, time.Hour
			stop := started(t, job, opts)
			time.Sleep(10 * time.Second)
			stop()
			got := out.Records()
			if unordered {
				slices.Sort(got[:3])
			}
			if !slices.Equal(got, []string{"a 1", "a 2", "a 3", "end"}) {
				t.Errorf("got %q", got)
			}
		})
	}
}

// What cannot be is refused before anything runs.
func TestBadAsync(t *testing.T) {
	ask := func(_ context.Context, n int64) (int64, error) { return n, nil }
	instead := func(n int64) (int64, error) { return n, nil }
	for want, add := range map[string]func(weir.Stream[int64]){
		"capacity of 0": func(in weir.Stream[int64]) { weir.Async(in, "a", weir.AsyncOptions{}, ask) },
		"timeout of -1s": func(in weir.Stream[int64]) {
			weir.Async(in, "a", weir.AsyncOptions{Capacity: 1, Timeout: -time.Second}, ask)
		},
		"nil function":    func(in weir.Stream[int64]) { weir.Async[int64, int64](in, "a", weir.AsyncOptions{Capacity: 1}, nil) },
		"an async has no": func(in weir.Stream[int64]) { weir.Async(in, "", weir.AsyncOptions{Capacity: 1}, ask) },
		"a timeout of 0s": func(in weir.Stream[int64]) { weir.Async(in, "a", weir.AsyncOptions{Capacity: 1}, ask, instead) },
		"2 functions for": func(in weir.Stream[int64]) {
			weir.Async(in, "a", weir.AsyncOptions{Capacity: 1, Timeout: 1}, ask, instead, instead)
		},
		"needs one for in": func(in weir.Stream[int64]) {
			weir.Async(in, "a", weir.AsyncOptions{Capacity: 1, Codec: weir.WithCodec(weir.CustomCodec[string]("c", 1, nil, nil))}, ask)
		},
		"records cannot be": func(in weir.Stream[int64]) {
			chans := weir.Map(in, func(int64) (chan int, error) { return nil, nil })
			weir.Async(chans, "a", weir.AsyncOptions{Capacity: 1}, func(context.Context, chan int) (int, error) { return 0, nil })
		},
	} {
		job := weir.NewJob("bad")
		add(weir.From(job, "in", weir.Slice(numbers(1)...)))
		if err := job.Check(); err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "async_test.go:") {
			t.Errorf("got %v, want %q", err, want)
		}
	}
}
