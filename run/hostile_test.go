package run_test

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/weirstream/weir"
	"github.com/weirstream/weir/connector/file"
	"github.com/weirstream/weir/run"
)

// comesAndGoes is an unbounded source with splits of ten records each. The test says which
// of them are listed.
type comesAndGoes struct {
	calls *atomic.Int64
	list  func(call int64) []string
}

func (s comesAndGoes) Splits(context.Context) ([]string, error) { return s.list(s.calls.Add(1)), nil }
func (s comesAndGoes) Bounded() bool                            { return false }
func (s comesAndGoes) Open(_ context.Context, split weir.Split) (weir.Reader[string], error) {
	r := &tenRecords{id: split.ID}
	if split.Position != nil {
		r.at = int(binary.BigEndian.Uint64(split.Position))
	}
	return r, nil
}

type tenRecords struct {
	id string
	at int
}

func (r *tenRecords) Read(_ context.Context, records []string) (int, error) {
	if r.at == 10 {
		return 0, nil
	}
	records[0] = fmt.Sprint(r.id, r.at)
	r.at++
	return 1, nil
}
func (r *tenRecords) Position() []byte { return binary.BigEndian.AppendUint64(nil, uint64(r.at)) }
func (r *tenRecords) Close() error     { return nil }

// A split that disappears and comes back is read on from its position, and a new one from
// its beginning, each by one subtask only.
func TestSplitsThatComeAndGo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out weir.Collector[string]
		opts := options(t, 3)
		runFor := func(list func(call int64) []string) {
			t.Helper()
			job := weir.NewJob("splits")
			weir.To(weir.From(job, "in", weir.Source[string](comesAndGoes{new(atomic.Int64), list})), "out", &out)
			ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
			defer cancel()
			if err := run.Local(ctx, job, opts); !errors.Is(err, run.ErrStopped) {
				t.Fatal(err)
			}
		}
		// So many that chance alone does not give each of them back to the subtask that has its
		// position.
		var first []string
		for i := range 12 {
			first = append(first, fmt.Sprintf("split %d: ", i))
		}
		runFor(func(int64) []string { return first })
		runFor(func(call int64) []string {
			if call == 1 {
				return nil
			}
			return append(slices.Clone(first), "e", "f")
		})
		runFor(func(int64) []string { return append([]string{"f"}, first...) })
		records := out.Records()
		slices.Sort(records)
		if len(records) != 140 || len(slices.Compact(records)) != 140 {
			t.Errorf("%d records, want each of 140 once", len(out.Records()))
		}
	})
}

// failsFirst is a sink whose first commit fails.
type failsFirst[T any] struct {
	weir.Sink[T]
	failed *atomic.Bool
}

func (f failsFirst[T]) Claim(ctx context.Context, c weir.Claim) (func() error, error) {
	if claimer, ok := f.Sink.(weir.Claimer); ok {
		return claimer.Claim(ctx, c)
	}
	return nil, nil
}

func (f failsFirst[T]) Commit(ctx context.Context, prepared [][]byte) error {
	if !f.failed.Swap(true) {
		return errors.New("the first commit fails")
	}
	return f.Sink.Commit(ctx, prepared)
}

// A commit that has failed is done after the restart. The start of one sink leaves the output
// of another alone, even in one collector.
func TestFailedCommitIsMadeGood(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out weir.Collector[int64]
		job := weir.NewJob("two sinks")
		in := weir.From(job, "in", weir.Slice(numbers(100)...))
		weir.To(in, "one", &out)
		weir.To(in, "two", weir.Sink[int64](failsFirst[int64]{&out, new(atomic.Bool)}))
		opts := options(t, 1)
		if err := run.Local(t.Context(), job, opts); err != nil {
			t.Fatal(err)
		}
		if n := len(out.Records()); n != 200 || opts.Monitor.Status().Attempt != 2 {
			t.Errorf("%d records after %d attempts, want 200 after 2", n, opts.Monitor.Status().Attempt)
		}
	})
}

// Output of a complete checkpoint is not lost if the next run starts from another one.
func TestStartFromNothingKeepsPreparedOutput(t *testing.T) {
	dir := t.TempDir()
	opts := options(t, 1)
	opts.Restart.Max = -1
	opts.CheckpointInterval = time.Hour // only the final one
	job := func(failCommit, failMap bool) *weir.Job {
		job := weir.NewJob("prepared")
		in := weir.Map(weir.From(job, "in", weir.Slice("a", "b", "c")), func(s string) (string, error) {
			if failMap {
				return "", errors.New("before the first checkpoint")
			}
			return s, nil
		})
		failed := new(atomic.Bool)
		failed.Store(!failCommit)
		weir.To(in, "out", weir.Sink[string](failsFirst[string]{file.LinesSink(dir), failed}))
		return job
	}
	if err := run.Local(t.Context(), job(true, false), opts); err == nil {
		t.Fatal("the commit has not failed")
	}
	opts.From = run.None
	if err := run.Local(t.Context(), job(false, true), opts); err == nil {
		t.Fatal("the second run has not failed")
	}
	opts.From = run.Latest
	if err := run.Local(t.Context(), job(false, false), opts); err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(filepath.Join(dir, "part-*"))
	if err != nil || len(files) != 1 {
		t.Errorf("want the output of the first run: %q %v", files, err)
	}
}

// A start from an older checkpoint also looks at the newest one, because of the output in
// it. That must not delete the checkpoints beyond the retained number, as a recovery does:
// the requested checkpoint may be among them.
func TestStartFromAnOlderCheckpointFindsIt(t *testing.T) {
	for _, retain := range []int{1, 2} {
		synctest.Test(t, func(t *testing.T) {
			opts := options(t, 1)
			opts.Retain = 5
			var out weir.Collector[total]
			for n := range 4 { // a final checkpoint each
				if err := run.Local(t.Context(), sums(&out, 10*(n+1), 1e6, never), opts); err != nil {
					t.Fatal(err)
				}
			}
			paths, err := filepath.Glob(filepath.Join(opts.CheckpointDir, "*", "chk-*"))
			if err != nil || len(paths) < 3 {
				t.Fatal(paths, err)
			}
			opts.From, opts.Retain = run.Path(paths[0]), retain
			if err := run.Local(t.Context(), sums(&out, 50, 1e6, never), opts); err != nil {
				t.Errorf("start from the oldest of %d checkpoints, retain %d: %v", len(paths), retain, err)
			}
		})
	}
}

// An accumulator may be changed in place while a snapshot with it is being written. (The
// race detector checks that in CI.)
func TestAccumulatorsMayBeChangedInPlace(t *testing.T) {
	var out weir.Collector[weir.KeyValue[int64, int64]]
	job := weir.NewJob("in place")
	in := weir.From(job, "in", weir.Slice(numbers(30000)...))
	weir.To(weir.Aggregate(weir.KeyBy(in, func(n int64) int64 { return n % 3 }), "add", weir.Aggregator[int64, map[int64]int64, int64]{
		New: func() map[int64]int64 { return make(map[int64]int64) },
		Add: func(m map[int64]int64, n int64) (map[int64]int64, error) { m[n%50]++; return m, nil },
		Result: func(m map[int64]int64) (sum int64, _ error) {
			for _, n := range m {
				sum += n
			}
			return sum, nil
		},
	}), "out", &out)
	opts := options(t, 1)
	opts.CheckpointInterval = time.Millisecond
	if err := run.Local(t.Context(), job, opts); err != nil {
		t.Fatal(err)
	}
	var most int64
	for _, r := range out.Records() {
		most = max(most, r.Value)
	}
	if most != 10000 {
		t.Errorf("the largest sum is %d, want 10000", most)
	}
}

func TestNaNIsNoKey(t *testing.T) {
	job := weir.NewJob("nan")
	in := weir.From(job, "in", weir.Slice(1.0, math.NaN()))
	weir.To(weir.Reduce(weir.KeyBy(in, func(f float64) float64 { return f }), "sum",
		func(a, b float64) (float64, error) { return a + b, nil }), "out", &weir.Collector[float64]{})
	err := run.Local(t.Context(), job, options(t, 1))
	if err == nil || !weir.IsPermanent(err) || !strings.Contains(err.Error(), "NaN") {
		t.Errorf("got %v, want a permanent error that names NaN", err)
	}
}

// badSource is a source whose reader panics when it is closed.
type badSource struct{ weir.Source[int64] }

func (s badSource) Open(ctx context.Context, split weir.Split) (weir.Reader[int64], error) {
	r, err := s.Source.Open(ctx, split)
	return badReader{r}, err
}

type badReader struct{ weir.Reader[int64] }

func (badReader) Close() error { panic("close") }

// cutSource is a source whose reader panics where its input is shorter than it should be.
type cutSource struct{ weir.Source[int64] }

func (s cutSource) Open(ctx context.Context, split weir.Split) (weir.Reader[int64], error) {
	r, err := s.Source.Open(ctx, split)
	return cutReader{r}, err
}

type cutReader struct{ weir.Reader[int64] }

func (cutReader) Read(context.Context, []int64) (int, error) { panic(io.EOF) }

// User code that panics or ends its goroutine fails the attempt. It neither ends the process
// nor makes Local wait.
func TestUserCodeThatDoesNotReturn(t *testing.T) {
	for want, build := range map[string]func(*weir.Job){
		"panic: close": func(j *weir.Job) {
			weir.To(weir.From(j, "in", weir.Source[int64](badSource{weir.Slice(numbers(10)...)})), "out", &weir.Collector[int64]{})
		},
		"panic: EOF": func(j *weir.Job) { // a panic with io.EOF is not the end of the split
			weir.To(weir.From(j, "in", weir.Source[int64](cutSource{weir.Slice(numbers(10)...)})), "out", &weir.Collector[int64]{})
		},
		"runtime.Goexit": func(j *weir.Job) {
			weir.To(weir.Map(weir.From(j, "in", weir.Slice(numbers(10)...)), func(int64) (int64, error) { runtime.Goexit(); return 0, nil }), "out", &weir.Collector[int64]{})
		},
		"key function: panic": func(j *weir.Job) {
			weir.To(weir.Reduce(weir.KeyBy(weir.From(j, "in", weir.Slice(numbers(10)...)), func(int64) int64 { panic("key") }), "r",
				func(a, b int64) (int64, error) { return a, nil }), "out", &weir.Collector[int64]{})
		},
	} {
		t.Run(want, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				job := weir.NewJob("bad")
				build(job)
				opts := options(t, 1)
				opts.Restart.Max = -1
				if err := run.Local(t.Context(), job, opts); err == nil || !strings.Contains(err.Error(), want) {
					t.Errorf("got %v, want %q", err, want)
				}
			})
		})
	}
}

// slowCommit gives the rest of the input time to be read while the final checkpoint is
// committed.
type slowCommit struct{ *weir.Collector[total] }

func (s slowCommit) Commit(ctx context.Context, prepared [][]byte) error {
	time.Sleep(time.Minute)
	return s.Collector.Commit(ctx, prepared)
}

func TestNothingIsReadBehindTheFinalBarrier(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out weir.Collector[total]
		opts := options(t, 2)
		opts.CheckpointInterval = time.Hour
		ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
		defer cancel()
		err := run.Local(ctx, sums(slowCommit{&out}, 1000, 1000, never), opts)
		if read := opts.Monitor.Status().Records; !errors.Is(err, run.ErrStopped) || read != int64(len(out.Records())) {
			t.Errorf("%v; %d records read, %d visible", err, read, len(out.Records()))
		}
	})
}

// Options.From is for the first attempt: once the run has completed a checkpoint, restarts go
// on from that one.
func TestStartIsForTheFirstAttempt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out weir.Collector[total]
		opts := options(t, 2)
		opts.From = run.None
		var failed atomic.Bool
		err := run.Local(t.Context(), sums(&out, 1000, 1000, func(n int64) error {
			if n == 700 && !failed.Swap(true) {
				return errors.New("once")
			}
			return nil
		}), opts)
		if err != nil {
			t.Fatal(err)
		}
		checkSums(t, out.Records(), 1000)
	})
}

// The max parallelism of the checkpoint is kept, even if the new parallelism alone would give
// another one.
func TestMaxParallelismIsTheCheckpoints(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out weir.Collector[total]
		opts := options(t, 2)
		ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
		defer cancel()
		if err := run.Local(ctx, sums(&out, 1000, 1000, never), opts); !errors.Is(err, run.ErrStopped) {
			t.Fatal(err)
		}
		opts.Parallelism = 90 // alone it would mean 256 key groups
		if err := run.Local(t.Context(), sums(&out, 1000, 1e6, never), opts); err != nil {
			t.Fatal(err)
		}
		checkSums(t, out.Records(), 1000)
	})
}
