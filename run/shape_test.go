package run_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/weirstream/weir"
	"github.com/weirstream/weir/run"
)

// Side outputs of operators with state and without become streams of their own. The records of
// a side output that nothing reads are dropped.
func TestSideOutputs(t *testing.T) {
	for _, parallelism := range []int{1, 3} {
		synctest.Test(t, func(t *testing.T) {
			odd, unread, many := weir.NewTag[string]("odd"), weir.NewTag[int64]("unread"), weir.NewTag[string]("many")
			job := weir.NewJob("sides")
			in := weir.From(job, "in", weir.Slice(numbers(2000)...))
			even := weir.TryMap(in, func(n int64) (int64, error) {
				if n%2 == 1 {
					return 0, errors.New("odd")
				}
				return n, nil
			}, weir.NewTag[int64]("odd"))
			rejected := weir.SideOutput(even, weir.NewTag[int64]("odd"))
			seen := weir.Process(weir.KeyBy(even, func(n int64) int64 { return n % 10 }), "seen", func(c *weir.KeyContext[int64], out *weir.Out[int64]) func(int64) error {
				n := weir.NewValue[int64](c, "n")
				toMany, toUnread, toOdd := weir.Side(c, many), weir.Side(c, unread), weir.Side(c, odd)
				return func(v int64) error {
					count, _ := n.Get()
					n.Set(count + 1)
					out.Emit(v)
					toUnread.Emit(v)
					toOdd.Emit("never read as odd")
					if count == 199 {
						toMany.Emit(fmt.Sprint("many of ", c.Key()))
					}
					return nil
				}
			})
			var main, bad weir.Collector[int64]
			var rich weir.Collector[string]
			weir.To(seen, "main", &main)
			weir.To(rejected, "bad", &bad)
			weir.To(weir.Map(weir.SideOutput(seen, many), func(s string) (string, error) { return strings.ToUpper(s), nil }), "many", &rich)
			if err := run.Local(t.Context(), job, options(t, parallelism)); err != nil {
				t.Fatal(err)
			}
			got := rich.Records()
			slices.Sort(got)
			if len(main.Records()) != 1000 || len(bad.Records()) != 1000 || !slices.Equal(got, []string{"MANY OF 0", "MANY OF 2", "MANY OF 4", "MANY OF 6", "MANY OF 8"}) {
				t.Errorf("%d, %d and %q", len(main.Records()), len(bad.Records()), got)
			}
		})
	}
}

// subtasks counts how many different subtasks have processed records.
type subtasks struct {
	mu   sync.Mutex
	seen map[string]map[int]bool
}

func (s *subtasks) note(what string, c *weir.Context) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.seen == nil {
		s.seen = make(map[string]map[int]bool)
	}
	if s.seen[what] == nil {
		s.seen[what] = make(map[int]bool)
	}
	s.seen[what][c.Subtask()] = true
}

// An operator has its own parallelism, or that of the job. Records get from one operator to
// the next at any two parallelisms, and state is restored when the numbers change.
func TestParallelismOfEachOperator(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		opts := options(t, 2)
		var out weir.Collector[total]
		for round, p := range [][3]int{{1, 4, 1}, {3, 1, 2}, {2, 5, 5}} {
			var seen subtasks
			job := weir.NewJob("shapes")
			in := weir.From(job, "in", weir.Slice(numbers(1000*(round+1))...)).Parallelism(p[0])
			mapped := weir.MapWith(weir.Rebalance(in), func(c *weir.Context) func(int64) (int64, error) {
				return func(n int64) (int64, error) { seen.note("map", c); return n, nil }
			}).Parallelism(p[1])
			summed := weir.Process(weir.KeyBy(mapped, func(n int64) int64 { return n % 10 }), "sum", func(c *weir.KeyContext[int64], out *weir.Out[total]) func(int64) error {
				sum := weir.NewValue[int64](c, "sum")
				return func(n int64) error {
					s, _ := sum.Get()
					sum.Set(s + n)
					out.Emit(total{c.Key(), n, s + n})
					return nil
				}
			}).Parallelism(p[2])
			weir.To(summed, "out", &out).Parallelism(1)
			var plan strings.Builder
			if err := job.WritePlan(&plan, 2); err != nil {
				t.Fatal(err)
			}
			for i, n := range []int{p[0], p[1], p[2]} {
				if !strings.Contains(plan.String(), fmt.Sprintf(" ×%d: ", n)) {
					t.Errorf("operator %d is to have %d subtasks:\n%s", i, n, plan.String())
				}
			}
			if err := run.Local(t.Context(), job, opts); err != nil {
				t.Fatal(err)
			}
			if len(out.Records()) != 1000*(round+1) {
				t.Errorf("round %d: %d records", round, len(out.Records()))
			}
		}
		// The records of a key do not come in the order of the source, but their sum is the same.
		var last [10]int64
		for _, r := range out.Records() {
			last[r.Rest] = max(last[r.Rest], r.Sum)
		}
		var want [10]int64
		for _, n := range numbers(3000) {
			want[n%10] += n
		}
		if last != want {
			t.Errorf("sums %v, want %v", last, want)
		}
	})
}

// User code can log by its Context, is told of complete checkpoints, and is closed at the end,
// also after a failure.
func TestUserCodeHasAContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := &lines{}
		opts := options(t, 2)
		opts.Log = log.logger()
		opened, closed, completed, failed := 0, 0, 0, false
		var mu sync.Mutex
		count := func(n *int) { mu.Lock(); *n++; mu.Unlock() }
		job := weir.NewJob("contexts")
		in := weir.From(job, "in", weir.Slice(numbers(100)...))
		weir.To(weir.FlatMapWith(in, func(c *weir.Context, out *weir.Out[int64]) func(int64) error {
			count(&opened)
			c.OnClose(func() error { count(&closed); return nil })
			c.OnComplete(func(id weir.CheckpointID) error {
				if id > 0 {
					count(&completed)
				}
				return nil
			})
			n := c.Counter("seen")
			return func(v int64) error {
				n.Add(1)
				if v == 50 && !failed {
					failed = true
					c.Log().Info("about to fail")
					return errors.New("once")
				}
				out.Emit(v)
				return nil
			}
		}), "out", &weir.Collector[int64]{})
		if err := run.Local(t.Context(), job, opts); err != nil {
			t.Fatal(err)
		}
		if opened != 4 || closed != 4 || completed != 2 {
			t.Errorf("%d opened, %d closed, %d told of the final checkpoint; want 4, 4 and 2", opened, closed, completed)
		}
		if log.count("about to fail", "job=contexts", "operator=", "flatmap#1", "subtask=") != 1 {
			t.Errorf("the log:\n%s", log.text())
		}
	})
}

// The context of a function that waits ends when the job must end.
func TestUserCodeIsToldToReturn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		job := weir.NewJob("told")
		waits := weir.MapWith(weir.From(job, "in", weir.Slice(numbers(1)...)), func(c *weir.Context) func(int64) (int64, error) {
			return func(int64) (int64, error) {
				<-c.Context().Done()
				return 0, c.Context().Err()
			}
		})
		fails := weir.Map(weir.From(job, "in 2", weir.Slice(numbers(1)...)), func(int64) (int64, error) {
			time.Sleep(time.Second)
			return 0, weir.Permanent(errors.New("boom"))
		})
		weir.To(waits, "out", &weir.Collector[int64]{})
		weir.To(fails, "out 2", &weir.Collector[int64]{})
		began := time.Now()
		err := run.Local(t.Context(), job, options(t, 1))
		if err == nil || !strings.Contains(err.Error(), "boom") || time.Since(began) > 2*time.Second {
			t.Errorf("after %v: %v", time.Since(began), err)
		}
	})
}

// Mistakes in a job are found before it runs. Each error names the line of the mistake.
func TestMistakesHaveALine(t *testing.T) {
	for want, build := range map[string]func(*weir.Job){
		"map: nil function":       func(j *weir.Job) { weir.Map[int64, int64](weir.From(j, "in", weir.Slice[int64]()), nil) },
		"filter: nil function":    func(j *weir.Job) { weir.Filter(weir.From(j, "in", weir.Slice[int64]()), nil) },
		"flatmap: nil function":   func(j *weir.Job) { weir.FlatMapTo[int64, int64](weir.From(j, "in", weir.Slice[int64]()), nil) },
		"source in: nil source":   func(j *weir.Job) { weir.From[int64](j, "in", nil) },
		"sink out: nil sink":      func(j *weir.Job) { weir.To(weir.From(j, "in", weir.Slice[int64]()), "out", nil) },
		"key of KeyBy: nil":       func(j *weir.Job) { weir.KeyBy[int64, int64](weir.From(j, "in", weir.Slice[int64]()), nil) },
		"process p: nil function": func(j *weir.Job) { weir.Process[int64, int64, int64](keyed(j), "p", nil) },
		"reduce r: nil function":  func(j *weir.Job) { weir.Reduce(keyed(j), "r", nil) },
		"aggregate a: nil Add":    func(j *weir.Job) { weir.Aggregate(keyed(j), "a", weir.Aggregator[int64, int64, int64]{}) },
		"parallelism 0: want":     func(j *weir.Job) { weir.From(j, "in", weir.Slice[int64]()).Parallelism(0) },
		"side output without a":   func(j *weir.Job) { weir.SideOutput(weir.From(j, "in", weir.Slice[int64]()), weir.Tag[int64]{}) },
		"union joins streams of two": func(j *weir.Job) {
			weir.Union(weir.From(j, "in", weir.Slice[int64]()), weir.From(weir.NewJob("other"), "in", weir.Slice[int64]()))
		},
	} {
		job := weir.NewJob("wrong")
		build(job)
		err := job.Check()
		if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "shape_test.go:") {
			t.Errorf("got %v\nwant %q and the line", err, want)
		}
	}
}

func keyed(j *weir.Job) weir.Keyed[int64, int64] {
	return weir.KeyBy(weir.From(j, "in", weir.Slice[int64]()), func(n int64) int64 { return n })
}

// A zero Job or Stream is an error and not a panic.
func TestZeroJobsAndStreams(t *testing.T) {
	var none *weir.Job
	weir.To(weir.Map(weir.Stream[int64]{}, func(n int64) (int64, error) { return n, nil }), "out", &weir.Collector[int64]{})
	weir.Reduce(weir.Keyed[int64, int64]{}, "r", func(a, b int64) (int64, error) { return a, nil })
	weir.To(weir.From(none, "in", weir.Slice[int64]()), "out", &weir.Collector[int64]{})
	for _, job := range []*weir.Job{none, {}} {
		if err := run.Local(t.Context(), job, options(t, 1)); err == nil || !strings.Contains(err.Error(), "NewJob") {
			t.Errorf("got %v", err)
		}
	}
	job := weir.NewJob("half")
	weir.To(weir.Union(weir.From(job, "in", weir.Slice[int64]()), weir.Stream[int64]{}), "out", &weir.Collector[int64]{})
	if err := job.Check(); err == nil {
		t.Error("a union with a zero stream passes")
	}
}

// A record that can never leave its process is refused where it would go to another subtask,
// with the path of the field; one that merely has no codec runs.
func TestRecordsThatCannotBeSent(t *testing.T) {
	type bound struct {
		Name  string
		Parts []struct{ Done chan int }
	}
	type loose struct {
		Name string
		Any  any
	}
	for _, build := range []func(*weir.Job){
		func(j *weir.Job) {
			in := weir.From(j, "in", weir.Slice(bound{}))
			weir.To(weir.Reduce(weir.KeyBy(in, func(b bound) string { return b.Name }), "r", func(a, b bound) (bound, error) { return a, nil }), "out", &weir.Collector[bound]{})
		},
		func(j *weir.Job) {
			weir.To(weir.Rebalance(weir.From(j, "in", weir.Slice(func() {}))), "out", &weir.Collector[func()]{})
		},
	} {
		job := weir.NewJob("bound")
		build(job)
		err := job.Check()
		if err == nil || !strings.Contains(err.Error(), "its records go from one subtask to another") || !strings.Contains(err.Error(), "shape_test.go:") {
			t.Errorf("got %v", err)
		}
	}
	synctest.Test(t, func(t *testing.T) {
		var out weir.Collector[loose]
		job := weir.NewJob("loose")
		in := weir.From(job, "in", weir.Slice(loose{"a", 1}, loose{"b", "two"}))
		weir.To(weir.Process(weir.KeyBy(in, func(l loose) string { return l.Name }), "p", func(_ *weir.KeyContext[string], out *weir.Out[loose]) func(loose) error {
			return func(l loose) error { out.Emit(l); return nil }
		}), "out", &out)
		if err := run.Local(t.Context(), job, options(t, 2)); err != nil || len(out.Records()) != 2 {
			t.Errorf("%d records, %v", len(out.Records()), err)
		}
	})
}

// A side output is asked of the operator that emits it. Asked of another one it would be empty
// without a word, and the job does not start.
func TestSideOutputOfTheWrongOperator(t *testing.T) {
	bad := weir.NewTag[int64]("bad")
	for name, build := range map[string]func(tried weir.Stream[int64]) weir.Stream[int64]{
		"an operator after it": func(tried weir.Stream[int64]) weir.Stream[int64] {
			return weir.Filter(tried, func(int64) (bool, error) { return true, nil })
		},
		"a union": func(tried weir.Stream[int64]) weir.Stream[int64] { return weir.Union(tried, tried) },
		"an operator with state": func(tried weir.Stream[int64]) weir.Stream[int64] {
			return weir.Reduce(weir.KeyBy(tried, func(n int64) int64 { return n }), "sum", func(a, b int64) (int64, error) { return a + b, nil })
		},
		"another name": func(tried weir.Stream[int64]) weir.Stream[int64] {
			return weir.TryMap(tried, func(n int64) (int64, error) { return n, nil }, weir.NewTag[int64]("rejected"))
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				job := weir.NewJob("sides")
				tried := weir.TryMap(weir.From(job, "in", weir.Slice(numbers(10)...)), func(n int64) (int64, error) { return 0, errors.New("bad") }, bad)
				next := build(tried)
				weir.To(next, "main", &weir.Collector[int64]{})
				weir.To(weir.SideOutput(next, bad), "bad", &weir.Collector[int64]{})
				err := run.Local(t.Context(), job, options(t, 2))
				if err == nil || !weir.IsPermanent(err) || !strings.Contains(err.Error(), `side output "bad"`) {
					t.Errorf("the job ended with %v", err)
				}
			})
		})
	}
}

// Operators that read one stream in one chain get its records in the order of the plan.
func TestReadersOfAStreamAreInOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var order []string
		job := weir.NewJob("order")
		in := weir.From(job, "in", weir.Slice[int64](1))
		for _, name := range []string{"a", "b", "c"} {
			weir.To(weir.Map(in, func(n int64) (int64, error) { order = append(order, name); return n, nil }), name, &weir.Collector[int64]{})
		}
		if err := run.Local(t.Context(), job, options(t, 1)); err != nil || !slices.Equal(order, []string{"a", "b", "c"}) {
			t.Errorf("%q, %v", order, err)
		}
	})
}
