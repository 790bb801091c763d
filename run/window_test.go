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
	"github.com/weirstream/weir/run"
	"github.com/weirstream/weir/window"
)

// markers makes watermarks of lines "- 17": the watermark is 17 after them. Other lines do not
// move it.
type markers struct{ at weir.Time }

func (m *markers) OnRecord(line string, at weir.Time) {
	if strings.HasPrefix(line, "- ") {
		m.at = at
	}
}
func (m *markers) Watermark() weir.Time { return m.at }

func keyOfLine(line string) string { key, _, _ := strings.Cut(line, " "); return key }

// marked makes a keyed stream of the lines "key milliseconds" of a source, whose watermarks are
// lines too. All come from one subtask, so that they stay in their order. fail is called for
// each line.
func marked(job *weir.Job, src weir.Source[string], fail func(line string) error) weir.Keyed[string, string] {
	marks := weir.WatermarksBy(timeOf, func() weir.WatermarkGenerator[string] { return &markers{weir.MinTime} })
	lines := weir.From(job, "lines", src, marks).Parallelism(1)
	return weir.KeyBy(weir.Filter(lines, func(line string) (bool, error) { return !strings.HasPrefix(line, "- "), fail(line) }).Parallelism(1), keyOfLine)
}

// A lineJob is a job over the lines of a shelf.
type lineJob struct {
	t    *testing.T
	s    *shelf
	opts run.Options
	out  *weir.Collector[string]
	seen int // records of out that were looked at
	make func(weir.Keyed[string, string]) weir.Stream[string]
	stop func()
}

// withLines starts such a job, in a bubble, and stops it in the end.
func withLines(t *testing.T, make func(weir.Keyed[string, string]) weir.Stream[string], script func(*lineJob)) {
	synctest.Test(t, func(t *testing.T) {
		j := &lineJob{
			t: t, s: &shelf{logs: map[string]*shelfLog{"log": {}}, committed: map[string][]uint64{}},
			opts: options(t, 2), out: &weir.Collector[string]{}, make: make,
		}
		j.opts.CheckpointInterval = 5 * time.Second
		j.start()
		script(j)
		j.stop()
	})
}

func (j *lineJob) start() {
	job := weir.NewJob("windows")
	weir.To(j.make(marked(job, j.s, func(string) error { return nil })), "out", j.out)
	j.stop = started(j.t, job, j.opts)
}

// restart stops the job and starts it again at another parallelism.
func (j *lineJob) restart(parallelism int) {
	j.t.Helper()
	j.stop()
	j.opts.Parallelism = parallelism
	j.start()
}

// write writes lines "a 1, b 2, - 9", which are one batch.
func (j *lineJob) write(lines string) {
	j.s.change(func() { j.s.logs["log"].lines = append(j.s.logs["log"].lines, strings.Split(lines, ", ")...) })
	time.Sleep(3 * time.Second)
}

// wants checks what has come out since it was called last, in any order.
func (j *lineJob) wants(want ...string) {
	j.t.Helper()
	time.Sleep(11 * time.Second) // a checkpoint
	got := j.out.Records()[j.seen:]
	j.seen += len(got)
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		j.t.Errorf("got\n\t%s\nwant\n\t%s", strings.Join(got, "\n\t"), strings.Join(want, "\n\t"))
	}
}

// late is where late lines go.
var late = weir.NewTag[string]("late")

// shown makes text of panes, and of late records.
func shown[R any](panes weir.Stream[weir.Pane[string, R]]) weir.Stream[string] {
	return weir.Union(
		weir.Map(panes, func(p weir.Pane[string, R]) (string, error) {
			if p.Start == weir.MinTime && p.End == weir.MaxTime {
				return fmt.Sprintf("%s %v", p.Key, p.Value), nil
			}
			return fmt.Sprintf("%s [%d,%d) %v", p.Key, p.Start, p.End, p.Value), nil
		}),
		weir.Map(weir.SideOutput(panes, late), func(line string) (string, error) { return "late " + line, nil }))
}

// counted counts what is in windows.
func counted(set func(weir.Windowed[string, string]) weir.Windowed[string, string], w window.Assigner) func(weir.Keyed[string, string]) weir.Stream[string] {
	return func(lines weir.Keyed[string, string]) weir.Stream[string] {
		return shown(weir.AggregateWindow(set(weir.Window(lines, w).LateTo(late)), "count", weir.Count[string]()))
	}
}

func asItIs(w weir.Windowed[string, string]) weir.Windowed[string, string] { return w }

func triggered(t window.Trigger) func(weir.Windowed[string, string]) weir.Windowed[string, string] {
	return func(w weir.Windowed[string, string]) weir.Windowed[string, string] { return w.Trigger(t) }
}

const ms = time.Millisecond

func TestTumblingWindows(t *testing.T) {
	withLines(t, counted(asItIs, window.Tumbling(10*ms)), func(j *lineJob) {
		j.write("a 1, b 2, a 9, a 10, c -1")
		j.wants()
		j.write("- 8")
		j.wants("c [-10,0) 1")
		j.write("- 9")
		j.wants("a [0,10) 2", "b [0,10) 1")
		j.write("a 3, b 19, - 19")
		j.wants("late a 3", "a [10,20) 1", "b [10,20) 1")
		if n := j.opts.Monitor.Figure("count", "late_records"); n != 1 {
			t.Errorf("%d late records are counted, want 1", n)
		}
		j.write("d 25")
		j.restart(3)
		j.write("a 15, b 29, d 26, c 25, - 29")
		j.wants("late a 15", "b [20,30) 1", "d [20,30) 2", "c [20,30) 1")
	})
}

// Windows begin at an offset.
func TestOffset(t *testing.T) {
	withLines(t, counted(asItIs, window.Tumbling(10*ms).Offset(-3*ms)), func(j *lineJob) {
		j.write("a 6, a 7, a 16, - 16")
		j.wants("a [-3,7) 1", "a [7,17) 2")
	})
}

// Late records are counted even if no side output takes them.
func TestLateRecordsAreCounted(t *testing.T) {
	for name, w := range map[string]window.Assigner{"tumbling": window.Tumbling(10 * ms), "sliding": window.Sliding(10*ms, 5*ms), "sessions": window.Session(10 * ms)} {
		t.Run(name, func(t *testing.T) {
			for _, merge := range []bool{true, false} {
				withLines(t, func(lines weir.Keyed[string, string]) weir.Stream[string] {
					fn := weir.Count[string]()
					if !merge && name != "sessions" {
						fn.Merge = nil
					}
					return weir.Map(weir.AggregateWindow(weir.Window(lines, w), "count", fn), func(p weir.Pane[string, int64]) (string, error) { return fmt.Sprint(p), nil })
				}, func(j *lineJob) {
					j.write("- 100")
					j.write("a 1, a 2, b 90, b 100")
					if n := j.opts.Monitor.Figure("count", "late_records"); n != 3 {
						t.Errorf("%d late records are counted, want 3", n)
					}
				})
			}
		})
	}
}

// A window that has ended fires again for each record, until it is gone.
func TestAllowedLateness(t *testing.T) {
	allowed := func(w weir.Windowed[string, string]) weir.Windowed[string, string] { return w.AllowedLateness(10 * ms) }
	t.Run("fires again", func(t *testing.T) {
		withLines(t, counted(allowed, window.Tumbling(10*ms)), func(j *lineJob) {
			j.write("a 1, - 9")
			j.wants("a [0,10) 1")
			j.write("a 2, b 3, b 4")
			j.wants("a [0,10) 2", "b [0,10) 1", "b [0,10) 2")
			j.restart(1)
			j.write("a 2, - 18")
			j.wants("a [0,10) 3")
			j.write("a 2, - 19")
			j.wants("a [0,10) 4")
			j.write("a 2")
			j.wants("late a 2")
		})
	})
	t.Run("purged", func(t *testing.T) {
		withLines(t, counted(func(w weir.Windowed[string, string]) weir.Windowed[string, string] {
			return allowed(w).Trigger(window.AtWatermark().Purge())
		}, window.Tumbling(10*ms)), func(j *lineJob) {
			j.write("a 1, a 1, - 9")
			j.wants("a [0,10) 2")
			j.write("a 2, a 2, - 19")
			j.wants("a [0,10) 1", "a [0,10) 1")
			j.write("a 2")
			j.wants("late a 2")
		})
	})
	t.Run("sliding", func(t *testing.T) {
		withLines(t, counted(allowed, window.Sliding(10*ms, 5*ms)), func(j *lineJob) {
			j.write("a 6, - 9") // [0,10) and [5,15)
			j.wants("a [0,10) 1")
			j.write("a 7") // one has ended, one has not
			j.wants("a [0,10) 2")
			j.write("- 19")
			j.wants("a [5,15) 2")
			j.write("a 8") // [0,10) is gone, [5,15) is not
			j.wants("a [5,15) 3")
			j.write("- 24")
			j.write("a 9")
			j.wants("late a 9")
		})
	})
	t.Run("sessions", func(t *testing.T) {
		withLines(t, counted(allowed, window.Session(10*ms)), func(j *lineJob) {
			j.write("a 0, - 9")
			j.wants("a [0,10) 1")
			j.write("a 5") // it has ended, grows, and has not ended any more
			j.wants()
			j.restart(3)
			j.write("- 14")
			j.wants("a [0,15) 2")
			j.write("a 1")
			j.wants("a [0,15) 3")
			j.write("- 24") // it is gone
			j.write("a 1")
			j.wants("late a 1")
		})
	})
}

// Whether windows share their state or not, the same comes out; also if a window is no
// multiple of its slide.
func TestSlidingWindows(t *testing.T) {
	apart := weir.Count[string]()
	apart.Merge = nil
	shapes := map[string]func(lines weir.Keyed[string, string], w window.Assigner) weir.Stream[string]{
		"shared": func(lines weir.Keyed[string, string], w window.Assigner) weir.Stream[string] {
			return shown(weir.AggregateWindow(weir.Window(lines, w).LateTo(late), "w", weir.Count[string]()))
		},
		"apart": func(lines weir.Keyed[string, string], w window.Assigner) weir.Stream[string] {
			return shown(weir.AggregateWindow(weir.Window(lines, w).LateTo(late), "w", apart))
		},
		"processed": func(lines weir.Keyed[string, string], w window.Assigner) weir.Stream[string] {
			n := weir.ProcessWindow(weir.Window(lines, w).LateTo(late), "w", countLines)
			return shown(n)
		},
	}
	for name, make := range shapes {
		t.Run(name, func(t *testing.T) {
			withLines(t, func(lines weir.Keyed[string, string]) weir.Stream[string] {
				return make(lines, window.Sliding(10*ms, 5*ms))
			}, func(j *lineJob) {
				j.write("a 1, a 4, a 5, a 12, b 13, - 4")
				j.wants("a [-5,5) 2")
				j.write("- 9")
				j.wants("a [0,10) 3")
				j.restart(3)
				j.write("a 6, - 20") // it is too late for [0,10) only
				j.wants("a [5,15) 3", "b [5,15) 1", "a [10,20) 1", "b [10,20) 1")
				j.write("a 9")
				j.wants("late a 9")
			})
			withLines(t, func(lines weir.Keyed[string, string]) weir.Stream[string] {
				return make(lines, window.Sliding(10*ms, 4*ms).Offset(1*ms))
			}, func(j *lineJob) {
				j.write("a 1, a 2, a 3, a 4, a 5, - 30") // begin at -7, -3, 1, 5
				j.wants("a [-7,3) 2", "a [-3,7) 5", "a [1,11) 5", "a [5,15) 1")
			})
		})
	}
}

// countLines counts the lines of a window. They are its own, and come in the order in which they
// were written.
func countLines(c *weir.KeyContext[string], out *weir.Out[weir.Pane[string, int64]]) func(window.Bounds, iter.Seq[string]) error {
	return func(w window.Bounds, all iter.Seq[string]) error {
		n := int64(0)
		for line := range all {
			if at := timeOf(line); keyOfLine(line) != c.Key() || !w.Contains(at) {
				return fmt.Errorf("%s in the window %v of key %s", line, w, c.Key())
			}
			n++
		}
		out.Emit(weir.Pane[string, int64]{Key: c.Key(), Start: w.Start, End: w.End, Value: n})
		return nil
	}
}
