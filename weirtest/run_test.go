package weirtest_test

import (
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/weirstream/weir"
	"github.com/weirstream/weir/connector/connectortest"
	"github.com/weirstream/weir/connector/generator"
	"github.com/weirstream/weir/run"
	"github.com/weirstream/weir/weirtest"
)

// numbered makes a job that numbers the records of each key.
func numbered(in weir.Source[string], out weir.Sink[string]) *weir.Job {
	job := weir.NewJob("numbered")
	keyed := weir.KeyBy(weir.From(job, "in", in), func(s string) string { return s })
	weir.To(weir.Process(keyed, "number", func(c *weir.KeyContext[string], out *weir.Out[string]) func(string) error {
		n := weir.NewValue[int64](c, "n")
		return func(s string) error {
			v, _ := n.Get()
			n.Set(v + 1)
			out.Emit(fmt.Sprint(s, v+1))
			return nil
		}
	}), "out", out)
	return job
}

func wants[T any](t *testing.T, what string, got []T, want ...T) {
	t.Helper()
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("%s: got %v, want %v", what, got, want)
	}
}

// What was written is visible after a checkpoint; what was not in one comes again after a
// crash, once.
func TestWrittenAndVisible(t *testing.T) {
	weirtest.Test(t, func(t *testing.T, r *weirtest.Run) {
		var in weirtest.Source[string]
		var out weirtest.Sink[string]
		job := func() *weir.Job { return numbered(&in, &out) }
		in.Push("a")
		r.Start(job, run.Options{})
		r.Settle()
		wants(t, "written", out.Written(), "a1")
		wants(t, "visible", out.Visible())
		if id := r.Checkpoint(); id != 1 || r.Status().LastComplete != 1 {
			t.Errorf("checkpoint %d, %+v", id, r.Status())
		}
		wants(t, "written", out.Written())
		wants(t, "visible", out.Visible(), "a1")
		for range 2 {
			in.Push("a")
			r.Settle()
			r.Crash()
			wants(t, "written after a crash", out.Written())
			r.Start(job, run.Options{Parallelism: 3})
		}
		wants(t, "written", out.Written(), "a2", "a3")
		r.Stop()
		wants(t, "visible", out.Visible(), "a1", "a2", "a3")
		wants(t, "written after the stop", out.Written())
		in.Push("a")
		in.End()
		r.Start(job, run.Options{Parallelism: 2})
		if err := r.Wait(); err != nil {
			t.Error(err)
		}
		wants(t, "visible", out.Visible(), "a1", "a2", "a3", "a4")
	})
}

// Time passes by Advance and by nothing else: timers fire, and checkpoints of the interval are
// taken.
func TestAdvance(t *testing.T) {
	weirtest.Test(t, func(t *testing.T, r *weirtest.Run) {
		began := time.Now()
		in, out, job := weirtest.Operator(func(in weir.Stream[string]) weir.Stream[time.Duration] {
			return weir.Process(weir.KeyBy(in, func(s string) string { return s }), "alarm", func(c *weir.KeyContext[string], out *weir.Out[time.Duration]) func(string) error {
				ring := c.ProcessingTimer("ring", func(weir.Time) error { out.Emit(c.Now().Sub(began)); return nil })
				return func(string) error { ring.Set(weir.At(c.Now()).Add(90 * time.Second)); return nil }
			})
		})
		r.Start(job, run.Options{Parallelism: 2, CheckpointInterval: 80 * time.Second})
		in.Push("a")
		r.Settle()
		if now := time.Since(began); now != 0 {
			t.Errorf("%v have passed", now)
		}
		r.Advance(90*time.Second - 1)
		wants(t, "before", out.Written())
		r.Advance(1)
		wants(t, "after", out.Written(), 90*time.Second)
		in.Push("b")
		r.Crash()
		r.Advance(time.Hour)
		r.Start(job, run.Options{})
		r.Settle() // the timer of a is in a checkpoint, and its time has passed
		wants(t, "after a restart", out.Written(), time.Hour+90*time.Second)
		r.Advance(90 * time.Second)
		wants(t, "after the second", out.Written(), time.Hour+90*time.Second, time.Hour+180*time.Second)
		if n := r.Status().Completed; n != 0 {
			t.Errorf("%d checkpoints without an interval", n)
		}
	})
}

// passed shows how far event time has come with each record.
func passed(in weir.Stream[string]) weir.Stream[string] {
	return weir.Process(weir.KeyBy(in, func(string) int64 { return 0 }), "passed", func(c *weir.KeyContext[int64], out *weir.Out[string]) func(string) error {
		return func(s string) error {
			at := func(t weir.Time) any {
				if t == weir.MinTime {
					return "-"
				}
				return int64(t)
			}
			out.Emit(fmt.Sprint(s, " ", at(c.Timestamp()), " ", at(c.Watermark())))
			return nil
		}
	})
}

// Each split has its watermark and its idleness, also after a restart.
func TestSplits(t *testing.T) {
	for _, parallelism := range []int{1, 2, 5} {
		weirtest.Test(t, func(t *testing.T, r *weirtest.Run) {
			in, out, job := weirtest.Operator(passed)
			opts := run.Options{Parallelism: parallelism}
			a, b := in.Split("a"), in.Split("b")
			r.Start(job, opts)
			push := func(s string) {
				a.Push(s)
				r.Settle()
			}
			a.PushAt(5, "timed")
			push("first")
			a.Watermark(10)
			push("b is behind")
			b.Watermark(7)
			r.Settle()
			push("b is there")
			b.Idle()
			r.Settle()
			push("b is idle")
			r.Checkpoint()
			r.Crash()
			r.Start(job, opts)
			push("b is idle again")
			b.Watermark(8) // behind: it does not count before it has caught up
			r.Settle()
			a.Watermark(20)
			push("b is late")
			b.Watermark(30)
			r.Settle()
			push("b is before")
			a.Watermark(40)
			push("b holds")
			b.End()
			r.Settle()
			push("b has ended")
			r.Stop()
			wants(t, fmt.Sprint("parallelism ", parallelism), out.Visible(),
				"timed 5 -", "first - -", "b is behind - -", "b is there - 7", "b is idle - 10", "b is idle again - 10",
				"b is late - 20", "b is before - 20", "b holds - 30", "b has ended - 40")
		})
	}
}

// Watermarks of the job and those that are pushed go together. A split is idle when its time
// has come.
func TestWatermarksOfTheJob(t *testing.T) {
	weirtest.Test(t, func(t *testing.T, r *weirtest.Run) {
		var in weirtest.Source[string]
		var out weirtest.Sink[string]
		length := func(s string) weir.Time { return weir.Time(len(s)) }
		r.Start(func() *weir.Job {
			job := weir.NewJob("job")
			weir.To(passed(weir.From(job, "in", &in, weir.Monotonous(length).WithIdleness(time.Minute))), "out", &out)
			return job
		}, run.Options{})
		a, b := in.Split("a"), in.Split("b")
		r.Stop() // they were made while the job ran
		r.Start(func() *weir.Job {
			job := weir.NewJob("job")
			weir.To(passed(weir.From(job, "in", &in, weir.Monotonous(length).WithIdleness(time.Minute))), "out", &out)
			return job
		}, run.Options{})
		in.Idle()
		push := func(s string) {
			a.Push(s)
			r.Settle()
		}
		b.Push("four")
		r.Settle()
		push("seven77")
		push("nine99999")
		a.Watermark(50)
		push("1")
		r.Advance(time.Minute - 1)
		push("2")
		r.Advance(1)
		push("3")
		wants(t, "written", out.Written(), "four 4 -", "seven77 7 3", "nine99999 9 3", "1 1 3", "2 1 3", "3 1 50")
	})
}

// A job that fails fails the test, unless the test asks how it ended.
func TestFailure(t *testing.T) {
	boom := errors.New("boom")
	failing := func(fail *int) func(in weir.Stream[string]) weir.Stream[string] {
		return func(in weir.Stream[string]) weir.Stream[string] {
			return weir.Map(in, func(s string) (string, error) {
				if *fail > 0 {
					*fail--
					return "", boom
				}
				return s, nil
			})
		}
	}
	for name, step := range map[string]func(r *weirtest.Run){
		"Settle": (*weirtest.Run).Settle, "Stop": (*weirtest.Run).Stop, "the end": func(*weirtest.Run) {},
		"Checkpoint": func(r *weirtest.Run) { r.Checkpoint() }, "Advance": func(r *weirtest.Run) { r.Advance(1) },
	} {
		got := weirtest.Attempt(t, func(r *weirtest.Run) {
			fail := 1
			in, _, job := weirtest.Operator(failing(&fail))
			r.Start(job, run.Options{})
			in.Push("a")
			step(r)
		})
		if name != "the end" && !strings.Contains(got, "boom") || name == "the end" && got != "" {
			t.Errorf("%s: %q", name, got)
		}
	}
	weirtest.Test(t, func(t *testing.T, r *weirtest.Run) {
		fail := 1
		in, _, job := weirtest.Operator(failing(&fail))
		r.Start(job, run.Options{})
		in.Push("a")
		if err := r.Wait(); !errors.Is(err, boom) {
			t.Error(err)
		}
	})
	weirtest.Test(t, func(t *testing.T, r *weirtest.Run) {
		fail := 1
		in, out, job := weirtest.Operator(failing(&fail))
		r.Start(job, run.Options{Restart: run.Restart{Max: 3, Pause: time.Second}})
		in.Push("a")
		r.Settle()
		wants(t, "in the pause", out.Written())
		r.Advance(time.Second)
		wants(t, "after it", out.Written(), "a")
	})
}

// What makes no sense is refused with a word on what to do.
func TestMisuse(t *testing.T) {
	same := func(in weir.Stream[string]) weir.Stream[string] { return in }
	untimed := func(in *weirtest.Source[string]) func() *weir.Job {
		return func() *weir.Job { return numbered(in, &weirtest.Sink[string]{}) }
	}
	for want, script := range map[string]func(r *weirtest.Run){
		"Checkpoint: the job was not started": func(r *weirtest.Run) { r.Checkpoint() },
		"Stop: the job is not running":        func(r *weirtest.Run) { r.Stop() },
		"Wait: the job is not running":        func(r *weirtest.Run) { r.Wait() },
		"Crash: the job was not started":      func(r *weirtest.Run) { r.Crash() },
		"Start: the job is running": func(r *weirtest.Run) {
			_, _, job := weirtest.Operator(same)
			r.Start(job, run.Options{})
			r.Start(job, run.Options{})
		},
		"it has come to its end": func(r *weirtest.Run) {
			in, _, job := weirtest.Operator(same)
			r.Start(job, run.Options{})
			in.End()
			r.Checkpoint()
		},
		"parallelism -1": func(r *weirtest.Run) {
			_, _, job := weirtest.Operator(same)
			r.Start(job, run.Options{Parallelism: -1})
		},
		"no event time": func(r *weirtest.Run) {
			var in weirtest.Source[string]
			r.Start(untimed(&in), run.Options{})
			in.PushAt(1, "a")
			r.Settle()
		},
		"has every source been told to End?": func(r *weirtest.Run) {
			_, _, job := weirtest.Operator(same)
			r.Start(job, run.Options{})
			r.Wait()
		},
		"has no event time: give": func(r *weirtest.Run) {
			var in weirtest.Source[string]
			r.Start(untimed(&in), run.Options{})
			in.Watermark(1)
			r.Settle()
		},
	} {
		if got := weirtest.Attempt(t, script); !strings.Contains(got, want) {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	var in weirtest.Source[string]
	var out weirtest.Sink[string]
	shared := func(r *weirtest.Run) {
		r.Start(func() *weir.Job { return numbered(&in, &out) }, run.Options{})
	}
	if got := weirtest.Attempt(t, shared) + weirtest.Attempt(t, shared); !strings.Contains(got, "used by two runs") {
		t.Errorf("got %q", got)
	}
	opts := run.Options{CheckpointDir: t.TempDir(), Log: slog.New(slog.DiscardHandler)}
	if err := run.Local(t.Context(), numbered(&in, &out), opts); err == nil || !strings.Contains(err.Error(), "weirtest.Run.Start") {
		t.Error(err)
	}
	defer func() {
		if p := recover(); p == nil || !strings.Contains(fmt.Sprint(p), "has ended") {
			t.Error(p)
		}
	}()
	var ended weirtest.Source[string]
	ended.End()
	ended.Push("after the end")
}

// A job crashes although none of its sources is one of weirtest, and goes on from where it was.
func TestCrashWithAnotherSource(t *testing.T) {
	weirtest.Test(t, func(t *testing.T, r *weirtest.Run) {
		var out weirtest.Sink[int64]
		job := func() *weir.Job {
			j := weir.NewJob("generated")
			in := weir.From(j, "in", generator.Source(1000, func(i int64) int64 { return i }))
			slow := weir.MapWith(in, func(c *weir.Context) func(int64) (int64, error) {
				return func(n int64) (int64, error) {
					select {
					case <-time.After(time.Second):
					case <-c.Context().Done():
					}
					return n, nil
				}
			})
			weir.To(slow, "out", &out)
			return j
		}
		for range 3 {
			r.Start(job, run.Options{CheckpointInterval: 300 * time.Second})
			r.Advance(700 * time.Second)
			r.Crash()
		}
		r.Start(job, run.Options{})
		if err := r.Wait(); err != nil {
			t.Fatal(err)
		}
		got := out.Visible()
		slices.Sort(got)
		if len(got) != 1000 || got[0] != 0 || got[999] != 999 {
			t.Errorf("%d records", len(got))
		}
	})
}

// The sink keeps the contract of sinks.
func TestSinkContract(t *testing.T) {
	connectortest.Sink(t, connectortest.SinkConfig[string]{
		Elsewhere: func() connectortest.Output[string] {
			s := &weirtest.Sink[string]{}
			return connectortest.Output[string]{Sink: s, Visible: func() ([]string, error) { return s.Visible(), nil }}
		},
		Record: func(i int) string { return fmt.Sprint("record ", i) },
	})
}
