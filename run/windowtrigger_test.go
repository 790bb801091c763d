package run_test

import (
	"fmt"
	"iter"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/weirstream/weir"
	"github.com/weirstream/weir/connector/ratelimit"
	"github.com/weirstream/weir/eventtime"
	"github.com/weirstream/weir/run"
	"github.com/weirstream/weir/window"
)

// A session ends a gap after its last record. Sessions become one when a record comes in
// between, also one that is late by itself; a restart in the middle changes nothing.
func TestSessions(t *testing.T) {
	withLines(t, counted(asItIs, window.Session(10*ms)), func(j *lineJob) {
		j.write("a 0, a 5, a 25, b 3, - 8")
		j.wants()
		j.restart(3)
		j.write("a 10")       // [0,20)
		j.write("a 17, - 12") // bridges [0,20) and [25,35)
		j.wants("b [3,13) 1")
		j.write("a 36, - 34") // does not touch [0,35)
		j.wants("a [0,35) 5")
		j.write("a 5, a 26, - 45") // 5 is late; 26 touches [36,46)
		j.wants("late a 5", "a [26,46) 2")
	})
}

// A session that ends where another one begins is part of it.
func TestSessionsThatTouch(t *testing.T) {
	withLines(t, counted(asItIs, window.Session(10*ms)), func(j *lineJob) {
		j.write("a 0, a 10, a 21, - 100")
		j.wants("a [0,20) 2", "a [21,31) 1")
	})
}

// What was kept for sessions that become one is put together: lists, reduced values, counts of
// triggers.
func TestSessionsOfAllKinds(t *testing.T) {
	w := window.Session(10 * ms)
	t.Run("list", func(t *testing.T) {
		withLines(t, func(lines weir.Keyed[string, string]) weir.Stream[string] {
			return shown(weir.ProcessWindow(weir.Window(lines, w).LateTo(late), "w", countLines))
		}, func(j *lineJob) {
			j.write("a 0, a 18")
			j.restart(1)
			j.write("a 9, a 9, - 28")
			j.wants("a [0,28) 4")
			j.write("a 9")
			j.wants("late a 9")
		})
	})
	t.Run("reduced", func(t *testing.T) {
		longest := func(a, b string) (string, error) { return max(a, b), nil }
		withLines(t, func(lines weir.Keyed[string, string]) weir.Stream[string] {
			return shown(weir.ReduceWindow(weir.Window(lines, w).LateTo(late), "w", longest))
		}, func(j *lineJob) {
			j.write("a 10, a 28, a 19, a 38, - 48")
			j.wants("a [10,48) a 38")
		})
	})
	t.Run("count", func(t *testing.T) {
		withLines(t, counted(triggered(window.EveryCount(3)), w), func(j *lineJob) {
			j.write("a 0, a 18")
			j.restart(1)
			j.write("a 9") // 1 + 1, and the third
			j.wants("a [0,28) 3")
			j.write("a 20, a 20, - 29")
			j.wants()
		})
	})
	t.Run("continuous", func(t *testing.T) {
		withLines(t, counted(triggered(window.Every(5*ms)), w), func(j *lineJob) {
			j.write("a 1, a 19, - 4")
			j.wants()
			j.write("a 10, - 5")
			j.wants("a [1,29) 3")
			j.write("- 10")
			j.wants("a [1,29) 3")
			j.write("- 100")
			j.wants(slices.Repeat([]string{"a [1,29) 3"}, 4)...) // 15, 20, 25 and the end
		})
	})
	t.Run("early", func(t *testing.T) {
		withLines(t, counted(triggered(window.AtWatermark().Early(time.Minute)), w), func(j *lineJob) {
			j.write("a 0, a 18")
			time.Sleep(30 * time.Second)
			j.write("a 9")
			j.wants()
			time.Sleep(30 * time.Second)
			j.wants("a [0,28) 3") // a minute after the first one
			time.Sleep(3 * time.Minute)
			j.write("- 27")
			j.wants("a [0,28) 3")
		})
	})
}

func TestCountWindows(t *testing.T) {
	withLines(t, counted(asItIs, window.Count(3)), func(j *lineJob) {
		j.write("a 1, a 2, b 1, a 3, a 4, a 5")
		j.wants("a 3")
		j.restart(3)
		j.write("a 6, b 1")
		j.wants("a 3")
		j.write("b 1, - 100, b 7")
		j.wants("b 3") // no time ends it, and no record is late for it
	})
}

// The global window with a trigger that does not purge goes on and on.
func TestGlobalWindow(t *testing.T) {
	withLines(t, counted(triggered(window.EveryCount(2)), window.Global()), func(j *lineJob) {
		j.write("a 1, a 2, a 3, b 5")
		j.wants("a 2")
		j.restart(1)
		j.write("a 2")
		j.wants("a 4")
	})
}

// A count alone says when a window fires; what is left when it ends is removed.
func TestEveryCount(t *testing.T) {
	withLines(t, counted(triggered(window.EveryCount(2)), window.Tumbling(10*ms)), func(j *lineJob) {
		j.write("a 1, a 2, a 3, b 4, a 14, - 12")
		j.wants("a [0,10) 2")
		j.write("a 15, a 3")
		j.wants("a [10,20) 2", "late a 3")
	})
}

func TestEvery(t *testing.T) {
	withLines(t, counted(triggered(window.Every(5*ms)), window.Tumbling(20*ms)), func(j *lineJob) {
		j.write("a 1, - 4")
		j.wants()
		j.write("a 7, - 5")
		j.wants("a [0,20) 2")
		j.restart(3)
		j.write("a 8, b 11, - 10")
		j.wants("a [0,20) 3")
		j.write("- 19")
		j.wants("a [0,20) 3", "a [0,20) 3", "b [0,20) 1", "b [0,20) 1") // at 15 and at the end
		j.write("a 3")
		j.wants("late a 3")
	})
}

// An early firing comes so long after the first record, and again after the first one since.
func TestEarly(t *testing.T) {
	withLines(t, counted(func(w weir.Windowed[string, string]) weir.Windowed[string, string] {
		return w.Trigger(window.AtWatermark().Early(time.Minute)).AllowedLateness(10 * ms)
	}, window.Tumbling(10*ms)), func(j *lineJob) {
		j.write("a 1")
		j.wants()
		j.write("a 2")
		time.Sleep(time.Minute)
		j.wants("a [0,10) 2")
		time.Sleep(3 * time.Minute)
		j.wants()
		j.write("a 3, b 1")
		j.restart(3)
		time.Sleep(time.Minute)
		j.wants("a [0,10) 3", "b [0,10) 1")
		j.write("a 3, - 9")
		j.wants("a [0,10) 4", "b [0,10) 1")
		time.Sleep(3 * time.Minute)
		j.wants() // the end has taken it back
		j.write("a 3")
		j.wants("a [0,10) 5")
		j.write("- 19")
		j.write("a 3")
		j.wants("late a 3")
	})
}

// Windows of processing time end by the clock, and no record is late for them.
func TestProcessingTimeWindows(t *testing.T) {
	for name, merge := range map[string]bool{"shared": true, "apart": false} {
		t.Run(name, func(t *testing.T) {
			fn := weir.Count[string]()
			if !merge {
				fn.Merge = nil
			}
			withLines(t, func(lines weir.Keyed[string, string]) weir.Stream[string] {
				w := window.Sliding(4*time.Minute, 2*time.Minute).ProcessingTime()
				return weir.Map(weir.AggregateWindow(weir.Window(lines, w), "clock", fn), func(p weir.Pane[string, int64]) (string, error) {
					zero := weir.At(time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC))
					return fmt.Sprintf("%s [%v,%v) %d", p.Key, p.Start.Sub(zero), p.End.Sub(zero), p.Value), nil
				})
			}, func(j *lineJob) {
				j.write("a 1, - 100")
				time.Sleep(time.Minute)
				j.write("a 1, b 2")
				j.wants()
				time.Sleep(time.Minute)
				j.wants("a [-2m0s,2m0s) 2", "b [-2m0s,2m0s) 1")
				j.write("a 1")
				j.restart(1)
				time.Sleep(2 * time.Minute)
				j.wants("a [0s,4m0s) 3", "b [0s,4m0s) 1")
				j.stop()
				time.Sleep(time.Hour)
				j.start()
				j.wants("a [2m0s,6m0s) 1")
			})
		})
	}
}

// A millisecond before the end of a window is a part of it: it fires when the clock has passed
// that.
func TestProcessingTimeToTheMillisecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out weir.Collector[weir.Pane[int64, int64]]
		job := weir.NewJob("clock")
		n := weir.From(job, "numbers", ratelimit.Source(weir.Slice(numbers(3000)...), 1000))
		w := weir.Window(weir.KeyBy(n, func(int64) int64 { return 0 }), window.Tumbling(100*ms).ProcessingTime())
		weir.To(weir.AggregateWindow(w, "n", weir.Count[int64]()), "out", &out)
		if err := run.Local(t.Context(), job, options(t, 1)); err != nil {
			t.Fatal(err)
		}
		total, seen := int64(0), map[weir.Time]bool{}
		for _, p := range out.Records() {
			if seen[p.Start] {
				t.Errorf("%v fires twice", p)
			}
			seen[p.Start] = true
			total += p.Value
		}
		if total != 3000 { // also those of the window that the end of the input finds
			t.Errorf("%d records are in windows, want 3000", total)
		}
	})
}

// Every fires by the clock in windows of processing time, and once more at the end of the
// input.
func TestEveryByTheClock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out weir.Collector[int64]
		job := weir.NewJob("clock")
		n := weir.From(job, "numbers", ratelimit.Source(weir.Slice(numbers(50)...), 1))
		w := weir.Window(weir.KeyBy(n, func(int64) int64 { return 0 }), window.Global().ProcessingTime()).Trigger(window.Every(20 * time.Second))
		weir.To(weir.Map(weir.AggregateWindow(w, "n", weir.Count[int64]()), func(p weir.Pane[int64, int64]) (int64, error) { return p.Value, nil }), "out", &out)
		opts := options(t, 1)
		opts.CheckpointInterval = time.Minute
		if err := run.Local(t.Context(), job, opts); err != nil {
			t.Fatal(err)
		}
		got := out.Records()
		if len(got) < 3 || len(got) > 5 || got[0] < 15 || got[0] > 21 || got[len(got)-1] != 50 {
			t.Errorf("fired with %v", got)
		}
	})
}

// A biggest fires when a record comes that is later than all before it, by ten at least, and at
// the end.
type biggest struct {
	c      window.Context
	latest window.Number
	calls  *[]eventtime.Time
}

func (b biggest) OnRecord(at eventtime.Time, w window.Bounds) window.Result {
	b.c.EventTimer(w.MaxTimestamp())
	b.c.EventTimer(w.Start + 1)
	if n, ok := b.latest.Get(); ok && int64(at) < n+10 {
		return window.Continue
	}
	b.latest.Set(int64(at))
	return window.FireAndPurge
}

func (b biggest) OnEventTime(at eventtime.Time, w window.Bounds) window.Result {
	*b.calls = append(*b.calls, at)
	if at == w.MaxTimestamp() {
		return window.Fire
	}
	return window.Continue
}

func (b biggest) OnProcessingTime(eventtime.Time, window.Bounds) window.Result {
	return window.Continue
}

func (b biggest) OnMerge(w window.Bounds) {
	b.latest.Merge()
	b.c.EventTimer(w.MaxTimestamp())
}

func (b biggest) Clear(w window.Bounds) {
	b.latest.Clear()
	b.c.DeleteEventTimer(w.MaxTimestamp())
	b.c.DeleteEventTimer(w.Start + 1)
}

func TestOwnTrigger(t *testing.T) {
	var calls []eventtime.Time
	own := window.By(func(c window.Context) window.Rule {
		return biggest{c, c.Number("latest", func(a, b int64) int64 { return max(a, b) }), &calls}
	})
	withLines(t, counted(triggered(own), window.Session(40*ms)), func(j *lineJob) {
		j.opts.Parallelism = 1
		j.restart(1)
		j.write("a 50, a 51, a 55") // the first fires
		j.wants("a [50,90) 1")
		j.write("a 61")
		j.wants("a [50,101) 3")
		j.write("a 100, a 62") // 100 - 61 is far enough
		j.wants("a [50,140) 1")
		j.write("- 139")
		j.wants("a [50,140) 1")
		if len(calls) != 2 || calls[0] != 51 || calls[1] != 139 {
			t.Errorf("timers fired at %v: those of sessions that have grown must be gone", calls)
		}
	})
}

// Panes have the timestamp of the last millisecond of their window: they can be put into windows
// again.
func TestWindowsOfWindows(t *testing.T) {
	withLines(t, func(lines weir.Keyed[string, string]) weir.Stream[string] {
		small := weir.AggregateWindow(weir.Window(lines, window.Tumbling(10*ms)), "small", weir.Count[string]())
		byKey := weir.KeyBy(small, func(p weir.Pane[string, int64]) string { return p.Key })
		large := weir.AggregateWindow(weir.Window(byKey, window.Tumbling(20*ms)), "large", weir.Sum(func(p weir.Pane[string, int64]) int64 { return p.Value }))
		again := weir.ProcessWindow(weir.Window(weir.KeyBy(large, func(p weir.Pane[string, int64]) string { return p.Key }), window.Tumbling(20*ms)), "again",
			func(c *weir.KeyContext[string], out *weir.Out[string]) func(window.Bounds, iter.Seq[weir.Pane[string, int64]]) error {
				return func(w window.Bounds, all iter.Seq[weir.Pane[string, int64]]) error {
					for p := range all {
						out.Emit(fmt.Sprintf("%s [%d,%d) %d", p.Key, w.Start, w.End, p.Value))
					}
					return nil
				}
			})
		// Text by text, in windows that are as long: what ProcessWindow emits has their time.
		texts := weir.Window(weir.KeyBy(again, keyOfLine), window.Tumbling(20*ms))
		return weir.Map(weir.ReduceWindow(texts, "texts", func(a, b string) (string, error) { return a + b, nil }), func(p weir.Pane[string, string]) (string, error) {
			return fmt.Sprintf("%s in [%d,%d)", p.Value, p.Start, p.End), nil
		})
	}, func(j *lineJob) {
		j.write("a 1, a 11, a 19, - 10")
		j.wants()
		j.write("- 19")
		j.wants("a [0,20) 3 in [0,20)")
	})
}

// They have it also if a record makes the window fire before its end.
func TestTimesOfEarlyPanes(t *testing.T) {
	for name, first := range map[string]func(weir.Windowed[string, string]) weir.Stream[string]{
		"aggregated": func(w weir.Windowed[string, string]) weir.Stream[string] {
			return weir.Map(weir.AggregateWindow(w, "first", weir.Count[string]()), func(p weir.Pane[string, int64]) (string, error) { return p.Key, nil })
		},
		"processed": func(w weir.Windowed[string, string]) weir.Stream[string] {
			return weir.ProcessWindow(w, "first", func(c *weir.KeyContext[string], out *weir.Out[string]) func(window.Bounds, iter.Seq[string]) error {
				return func(window.Bounds, iter.Seq[string]) error { out.Emit(c.Key()); return nil }
			})
		},
	} {
		t.Run(name, func(t *testing.T) {
			withLines(t, func(lines weir.Keyed[string, string]) weir.Stream[string] {
				each := first(weir.Window(lines, window.Tumbling(10*ms)).Trigger(window.EveryCount(1)))
				small := weir.Window(weir.KeyBy(each, keyOfLine), window.Tumbling(2*ms))
				return weir.Map(weir.AggregateWindow(small, "second", weir.Count[string]()), seenPane)
			}, func(j *lineJob) {
				j.write("a 1, a 5, b 12, - 19")
				j.wants("a [8,10) 2", "b [18,20) 1")
			})
		})
	}
}

func seenPane(p weir.Pane[string, int64]) (string, error) {
	return fmt.Sprintf("%s [%d,%d) %v", p.Key, p.Start, p.End, p.Value), nil
}

// What cannot work is refused before anything runs, in words that say what to do.
func TestBadWindows(t *testing.T) {
	job := weir.NewJob("job")
	in := weir.KeyBy(weir.From(job, "in", weir.Slice("a 1"), weir.Monotonous(timeOf)), keyOfLine)
	apart := weir.Count[string]()
	apart.Merge = nil
	for i, w := range []weir.Windowed[string, string]{
		weir.Window(in, window.Tumbling(0)),
		weir.Window(in, window.Session(time.Second)),
		weir.Window(in, window.Sliding(time.Hour, time.Second)),
		weir.Window(in, window.Global()),
		weir.Window(in, window.Tumbling(time.Second)).Trigger(window.EveryCount(0)),
		weir.Window(in, window.Tumbling(time.Second)).AllowedLateness(-1),
		weir.Window(in, window.Tumbling(time.Second).ProcessingTime()).AllowedLateness(time.Second),
		weir.Window(in, window.Tumbling(time.Second)).LateTo(weir.Tag[string]{}),
		weir.Window(in, window.Assigner{}),
	} {
		weir.To(weir.AggregateWindow(w, fmt.Sprint("w", i), apart), fmt.Sprint("out", i), new(weir.Collector[weir.Pane[string, int64]]))
	}
	weir.AggregateWindow(weir.Window(in, window.Sliding(1000*time.Hour, ms)), "shared", weir.Count[string]())
	weir.AggregateWindow(weir.Window(in, window.Tumbling(time.Second)), "nil", weir.Aggregator[string, int64, int64]{})
	weir.ReduceWindow(weir.Window(in, window.Tumbling(time.Second)), "nil too", nil)
	weir.ProcessWindow[string, string, int](weir.Window(in, window.Tumbling(time.Second)), "", nil)
	err := job.Check()
	if err == nil {
		t.Fatal("nothing is refused")
	}
	for _, want := range []string{
		"window w0: tumbling windows of 0s: size 0s: want more than 0",
		"window w1: session windows with a gap of 1s become one when a record comes in between, and the aggregator cannot merge: give it a function by WithMerge",
		"window w2: sliding windows of 1h0m0s every 1s: a record would be in 3600 windows",
		"window w3: the global window never ends, and has no trigger",
		"window w4: every 0 records: want more than 0",
		"window w5: allowed lateness -1ns: want 0 or more",
		"window w6: allowed lateness 1s: windows of processing time have no late records",
		"window w7: LateTo has a tag without a name: make it with NewTag",
		"window w8: no windows: make an Assigner",
		"window shared: sliding windows of 1000h0m0s every 1ms: a window would have 3600000000 parts",
		"window nil: nil Add or Result of the aggregator",
		"window nil too: nil function",
		"window: nil function",
		"a window has no name",
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%v\ndoes not say %q", err, want)
		}
	}
	for line := range strings.Lines(err.Error()) {
		if !strings.Contains(line, "windowtrigger_test.go:") && !strings.Contains(line, "job job:") {
			t.Errorf("%q does not say where", line)
		}
	}
}

// Windows of event time need event time, and every record a timestamp.
func TestWindowsWithoutTime(t *testing.T) {
	job := weir.NewJob("job")
	in := weir.KeyBy(weir.From(job, "in", weir.Slice("a 1")), keyOfLine)
	var out weir.Collector[weir.Pane[string, int64]]
	weir.To(weir.AggregateWindow(weir.Window(in, window.Tumbling(time.Second)), "w", weir.Count[string]()), "out", &out)
	weir.To(weir.AggregateWindow(weir.Window(in, window.Count(1)), "fine", weir.Count[string]()), "fine out", new(weir.Collector[weir.Pane[string, int64]]))
	if err := job.Check(); err == nil || !strings.Contains(err.Error(), " w: it works with event time, and no source of the job has any") || strings.Contains(err.Error(), "fine") {
		t.Errorf("got %v", err)
	}
	synctest.Test(t, func(t *testing.T) {
		job := weir.NewJob("job")
		in := weir.From(job, "in", weir.Slice("a 1"), weir.Monotonous(timeOf))
		other := weir.From(job, "other", weir.Slice("b 1"))
		all := weir.KeyBy(weir.Union(in, other), keyOfLine)
		weir.To(weir.AggregateWindow(weir.Window(all, window.Session(time.Second)), "w", weir.Count[string]()), "out", &out)
		err := run.Local(t.Context(), job, options(t, 1))
		if err == nil || !strings.Contains(err.Error(), "operator w, subtask 0: a record for a window of event time has the timestamp min") || !weir.IsPermanent(err) {
			t.Errorf("got %v", err)
		}
	})
}
