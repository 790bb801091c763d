package window_test

import (
	"context"
	"fmt"
	"log"
	"log/slog"
	"os"
	"slices"
	"time"

	"github.com/weirstream/weir"
	"github.com/weirstream/weir/eventtime"
	"github.com/weirstream/weir/run"
	"github.com/weirstream/weir/window"
)

// count counts numbers in windows, and prints the results. The numbers are seconds of event
// time.
func count(w window.Assigner, trigger *window.Trigger, seconds ...int64) {
	job := weir.NewJob("example")
	in := weir.From(job, "seconds", weir.Slice(seconds...), weir.OutOfOrder(time.Hour, func(s int64) weir.Time { return weir.Time(s * 1000) }))
	windows := weir.Window(weir.KeyBy(in, func(int64) string { return "all" }), w)
	if trigger != nil {
		windows = windows.Trigger(*trigger)
	}
	var out weir.Collector[weir.Pane[string, int64]]
	weir.To(weir.AggregateWindow(windows, "count", weir.Count[int64]()), "out", &out)
	dir, err := os.MkdirTemp("", "example")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	if err := run.Local(context.Background(), job, run.Options{CheckpointDir: dir, Parallelism: 1, Log: slog.New(slog.DiscardHandler)}); err != nil {
		log.Fatal(err)
	}
	panes := out.Records()
	slices.SortStableFunc(panes, func(a, b weir.Pane[string, int64]) int { return int(a.Start/1000 - b.Start/1000) })
	for _, p := range panes {
		if p.Start == weir.MinTime {
			fmt.Println(p.Value)
			continue
		}
		fmt.Printf("%d–%d: %d\n", p.Start/1000, p.End/1000, p.Value)
	}
}

func ExampleTumbling() {
	count(window.Tumbling(10*time.Second), nil, 1, 9, 10, 25)
	// Output:
	// 0–10: 2
	// 10–20: 1
	// 20–30: 1
}

func ExampleSliding() {
	count(window.Sliding(10*time.Second, 5*time.Second), nil, 1, 9, 10)
	// Output:
	// -5–5: 1
	// 0–10: 2
	// 5–15: 2
	// 10–20: 1
}

// A record that comes later makes one session of two.
func ExampleSession() {
	count(window.Session(10*time.Second), nil, 0, 15, 40, 8)
	// Output:
	// 0–25: 3
	// 40–50: 1
}

func ExampleGlobal() {
	trigger := window.EveryCount(2)
	count(window.Global(), &trigger, 1, 2, 3, 4, 5)
	// Output:
	// 2
	// 4
}

func ExampleCount() {
	count(window.Count(2), nil, 1, 2, 3, 4, 5)
	// Output:
	// 2
	// 2
}

func ExampleAssigner_Offset() {
	count(window.Tumbling(10*time.Second).Offset(3*time.Second), nil, 1, 9, 14)
	// Output:
	// -7–3: 1
	// 3–13: 1
	// 13–23: 1
}

// Windows of processing time end by the clock, or with the input.
func ExampleAssigner_ProcessingTime() {
	count(window.Global().ProcessingTime(), ref(window.AtWatermark()), 1, 2, 3)
	// Output:
	// 3
}

func ref(t window.Trigger) *window.Trigger { return &t }

// A result every minute of processing time, as long as records come, and one at the end.
func ExampleTrigger_Early() {
	count(window.Tumbling(time.Hour), ref(window.AtWatermark().Early(time.Minute)), 1, 2, 3)
	// Output:
	// 0–3600: 3
}

// Results add up to the whole if windows are emptied when they fire.
func ExampleTrigger_Purge() {
	count(window.Tumbling(time.Minute), ref(window.EveryCount(2).Purge()), 1, 2, 3, 4)
	// Output:
	// 0–60: 2
	// 0–60: 2
}

func ExampleEveryCount() {
	count(window.Tumbling(time.Minute), ref(window.EveryCount(2)), 1, 2, 3, 4, 5)
	// Output:
	// 0–60: 2
	// 0–60: 4
}

// At the end of the input, and of the window, it fires too.
func ExampleEvery() {
	count(window.Tumbling(time.Minute), ref(window.Every(time.Hour)), 1, 2, 3)
	// Output:
	// 0–60: 3
}

// atLeast fires at the end of windows that have so many records.
type atLeast struct {
	n     int64
	c     window.Context
	count window.Number
}

func (a atLeast) OnRecord(_ eventtime.Time, w window.Bounds) window.Result {
	n, _ := a.count.Get()
	a.count.Set(n + 1)
	a.c.EventTimer(w.MaxTimestamp())
	return window.Continue
}

func (a atLeast) OnEventTime(at eventtime.Time, w window.Bounds) window.Result {
	if n, _ := a.count.Get(); n >= a.n && at == w.MaxTimestamp() {
		return window.Fire
	}
	return window.Continue
}

func (a atLeast) OnProcessingTime(eventtime.Time, window.Bounds) window.Result {
	return window.Continue
}

func (a atLeast) OnMerge(w window.Bounds) {
	a.count.Merge()
	a.c.EventTimer(w.MaxTimestamp())
}

func (a atLeast) Clear(w window.Bounds) {
	a.count.Clear()
	a.c.DeleteEventTimer(w.MaxTimestamp())
}

// Only windows with three records or more.
func ExampleBy() {
	busy := window.By(func(c window.Context) window.Rule {
		return atLeast{3, c, c.Number("seen", func(a, b int64) int64 { return a + b })}
	})
	count(window.Tumbling(10*time.Second), &busy, 1, 2, 3, 11, 12, 21, 22, 23, 24)
	// Output:
	// 0–10: 3
	// 20–30: 4
}
