package run_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/weirstream/weir"
	"github.com/weirstream/weir/run"
)

// judge joins keyed records with rules that every subtask has. A rule is a name and a word, or
// a name alone, which removes it; a record is emitted with the rules and how many records of
// its key there were.
func judge(job *weir.Job, records, rules weir.Source[string]) weir.Stream[string] {
	in := weir.KeyBy(weir.From(job, "records", records), func(s string) string { return s[:1] })
	return weir.BroadcastProcess(in, weir.From(job, "rules", rules).Parallelism(1), "judge",
		func(c *weir.KeyContext[string], out *weir.Out[string]) (func(string) error, func(string) error) {
			rules := weir.NewBroadcastMap[string, string](c, "rules")
			n := weir.NewValue[int64](c, "n")
			return func(s string) error {
					count, _ := n.Get()
					n.Set(count + 1)
					var all []string
					for name, word := range rules.All() {
						all = append(all, name+"="+word)
					}
					_, ok := rules.Get("a")
					out.Emit(fmt.Sprintf("%s %d %v %t", s, count+1, all, ok))
					return nil
				}, func(rule string) error {
					name, word, put := strings.Cut(rule, " ")
					switch {
					case name == "clear":
						rules.Clear()
					case put:
						rules.Put(name, word)
					default:
						rules.Remove(name)
					}
					if c.Key() != "" {
						return fmt.Errorf("there is a key %q", c.Key())
					}
					return nil
				}
		})
}

// Every subtask has all rules; they are in the checkpoint once for each subtask, and are
// there again after a restart at another parallelism.
func TestBroadcast(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		records := &shelf{logs: map[string]*shelfLog{"log": {}}, committed: map[string][]uint64{}}
		rules := &shelf{logs: map[string]*shelfLog{"log": {}}, committed: map[string][]uint64{}}
		var out weir.Collector[string]
		build := func() *weir.Job {
			job := weir.NewJob("broadcast")
			weir.To(judge(job, records, rules), "out", &out)
			return job
		}
		opts := options(t, 3)
		opts.CheckpointInterval = 5 * time.Second
		add := func(s *shelf, lines ...string) {
			s.change(func() { s.logs["log"].lines = append(s.logs["log"].lines, lines...) })
			time.Sleep(10 * time.Second)
		}
		keys := []string{"a", "b", "c", "d", "e", "f", "g", "h"}
		seen := 0
		wants := func(want string) {
			t.Helper()
			add(records, keys...)
			time.Sleep(10 * time.Second)
			got := out.Records()[seen:]
			if seen += len(got); len(got) != len(keys) {
				t.Errorf("%d records", len(got))
			}
			for _, line := range got {
				if _, line, _ = strings.Cut(line, " "); line != want {
					t.Errorf("got %q, want %q", line, want)
				}
			}
		}
		stop := started(t, build(), opts)
		wants("1 [] false")
		add(rules, "b 2", "a 1", "c 3", "b 9")
		wants("2 [a=1 b=9 c=3] true")
		stop()
		opts.Parallelism = 5
		stop = started(t, build(), opts)
		wants("3 [a=1 b=9 c=3] true")
		add(rules, "a", "nothing")
		wants("4 [b=9 c=3] false")
		stop()
		opts.Parallelism = 1
		stop = started(t, build(), opts)
		wants("5 [b=9 c=3] false")
		add(rules, "clear", "x y")
		wants("6 [x=y] false")
		stop()
	})
}

// The same without keys; the map may be changed while it is read.
func TestBroadcastFlatMap(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out weir.Collector[string]
		job := weir.NewJob("flat")
		numbers := weir.From(job, "numbers", weir.Slice(numbers(8)...))
		none := weir.Filter(numbers, func(int64) (bool, error) { return false, nil })
		weir.To(weir.BroadcastFlatMap(none, numbers, "flat", func(c *weir.Context, out *weir.Out[string]) (func(int64) error, func(int64) error) {
			m := weir.NewBroadcastMap[int64, int64](c, "m")
			return func(n int64) error { return nil }, func(n int64) error {
				m.Put(n, n*n)
				if n == 5 {
					var keys []int64
					for k := range m.All() {
						keys = append(keys, k)
						m.Remove(k)
						m.Put(k+100, k)
					}
					out.Emit(fmt.Sprint(keys, m.Len()))
				}
				return nil
			}
		}), "out", &out)
		if err := run.Local(t.Context(), job, options(t, 2)); err != nil {
			t.Fatal(err)
		}
		if got := out.Records(); !slices.Equal(got, []string{"[1 2 3 4 5] 5", "[1 2 3 4 5] 5"}) {
			t.Errorf("got %q: want it from each subtask", got)
		}
	})
}

// Event time waits for the broadcast stream, unless it is idle.
func TestBroadcastHoldsEventTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rules := &shelf{logs: map[string]*shelfLog{"log": {}}, committed: map[string][]uint64{}}
		records := &shelf{logs: map[string]*shelfLog{"log": {}}, committed: map[string][]uint64{}}
		var out weir.Collector[string]
		job := weir.NewJob("time")
		all := weir.From(job, "rules", weir.Source[string](rules), weir.Monotonous(timeOf).WithIdleness(time.Hour))
		weir.To(weir.BroadcastProcess(events(job, records), all, "b", func(c *weir.KeyContext[string], out *weir.Out[string]) (func(string) error, func(string) error) {
			timers := c.EventTimers("t", func(at weir.Time) error { out.Emit(fmt.Sprint(int64(at))); return nil })
			return func(string) error { timers.Register(c.Timestamp() + 10); return nil }, func(string) error { return nil }
		}), "out", &out)
		opts := options(t, 2)
		opts.CheckpointInterval = time.Minute
		stop := started(t, job, opts)
		add := func(s *shelf, line string) {
			s.change(func() { s.logs["log"].lines = append(s.logs["log"].lines, line) })
			time.Sleep(3 * time.Minute)
		}
		add(records, "a 1")
		add(records, "a 100")
		before := len(out.Records())
		add(rules, "r 50")
		after := len(out.Records())
		time.Sleep(2 * time.Hour)
		add(records, "a 200")
		if idle := len(out.Records()); before != 0 || after != 1 || idle != 2 {
			t.Errorf("%d, %d, %d timers have fired: %q", before, after, idle, out.Records())
		}
		stop()
	})
}

// What must not be is refused, with the name of the map: some before the job runs.
func TestBadBroadcast(t *testing.T) {
	type funcs = func(*weir.KeyContext[int64], *weir.Out[int64]) (func(int64) error, func(int64) error)
	key := func(n int64) int64 { return n }
	ok := func(int64) error { return nil }
	for want, open := range map[string]funcs{
		`broadcast map "m" was changed by a function that does not`: func(c *weir.KeyContext[int64], _ *weir.Out[int64]) (func(int64) error, func(int64) error) {
			m := weir.NewBroadcastMap[string, int64](c, "m")
			return func(int64) error { m.Put("a", 1); return nil }, ok
		},
		`broadcast map "c" was changed`: func(c *weir.KeyContext[int64], _ *weir.Out[int64]) (func(int64) error, func(int64) error) {
			m := weir.NewBroadcastMap[string, int64](c, "c")
			return func(int64) error { m.Clear(); return nil }, ok
		},
		`broadcast map "r" was changed`: func(c *weir.KeyContext[int64], _ *weir.Out[int64]) (func(int64) error, func(int64) error) {
			m := weir.NewBroadcastMap[string, int64](c, "r")
			timer := c.EventTimer("t", func(weir.Time) error { m.Remove("a"); return nil })
			return func(int64) error { timer.Set(1); return nil }, ok
		},
		"not equal to itself": func(c *weir.KeyContext[int64], _ *weir.Out[int64]) (func(int64) error, func(int64) error) {
			m := weir.NewBroadcastMap[float64, int64](c, "m")
			zero := 0.0
			return ok, func(int64) error { m.Put(zero/zero, 1); return nil }
		},
		"declared twice": func(c *weir.KeyContext[int64], _ *weir.Out[int64]) (func(int64) error, func(int64) error) {
			weir.NewBroadcastMap[string, int64](c, "m")
			weir.NewBroadcastMap[string, int64](c, "m")
			return ok, ok
		},
		"declared too late": func(c *weir.KeyContext[int64], _ *weir.Out[int64]) (func(int64) error, func(int64) error) {
			return ok, func(int64) error { weir.NewBroadcastMap[string, int64](c, "m"); return nil }
		},
		"no key": func(c *weir.KeyContext[int64], _ *weir.Out[int64]) (func(int64) error, func(int64) error) {
			v := weir.NewValue[int64](c, "v")
			return ok, func(int64) error { v.Set(1); return nil }
		},
		"returned no function": func(c *weir.KeyContext[int64], _ *weir.Out[int64]) (func(int64) error, func(int64) error) {
			return ok, nil
		},
	} {
		synctest.Test(t, func(t *testing.T) {
			job := weir.NewJob("bad")
			in := weir.From(job, "in", weir.Slice(numbers(3)...))
			weir.To(weir.BroadcastProcess(weir.KeyBy(in, key), in, "b", open), "out", &weir.Collector[int64]{})
			if err := run.Local(t.Context(), job, options(t, 1)); err == nil || !strings.Contains(err.Error(), want) || !weir.IsPermanent(err) {
				t.Errorf("got %v, want %s", err, want)
			}
		})
	}
	synctest.Test(t, func(t *testing.T) {
		job := weir.NewJob("alone")
		weir.To(weir.Process(weir.KeyBy(weir.From(job, "in", weir.Slice(numbers(3)...)), key), "p", func(c *weir.KeyContext[int64], _ *weir.Out[int64]) func(int64) error {
			weir.NewBroadcastMap[string, int64](c, "m")
			return ok
		}), "out", &weir.Collector[int64]{})
		if err := run.Local(t.Context(), job, options(t, 1)); err == nil || !strings.Contains(err.Error(), "no broadcast input") {
			t.Error(err)
		}
	})
	job, other := weir.NewJob("job"), weir.NewJob("other")
	in, foreign := weir.From(job, "in", weir.Slice(numbers(1)...)), weir.From(other, "in", weir.Slice(numbers(1)...))
	weir.BroadcastProcess(weir.KeyBy(in, key), foreign, "jobs", funcs(nil))
	weir.BroadcastProcess(weir.KeyBy(in, key), in, "nil", funcs(nil))
	weir.BroadcastFlatMap(in, in, "", func(*weir.Context, *weir.Out[int64]) (func(int64) error, func(int64) error) { return ok, ok })
	chans := weir.Map(in, func(int64) (chan int, error) { return nil, nil })
	weir.BroadcastFlatMap(in, chans, "chans", func(*weir.Context, *weir.Out[int64]) (func(int64) error, func(chan int) error) { return ok, nil })
	err := job.Check()
	for _, want := range []string{"broadcast process jobs joins streams of two jobs", "broadcast process nil: nil function", "a broadcast process has no name", "broadcast process chans: its records go from one subtask to another"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v: does not say %q", err, want)
		}
	}
}
