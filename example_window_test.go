package weir_test

import (
	"fmt"
	"iter"
	"time"

	"github.com/weirstream/weir"
	"github.com/weirstream/weir/window"
)

// A Click is a visit of a page.
type Click struct {
	Page, User string
	At         time.Time
}

func (c Click) page() string    { return c.Page }
func (c Click) user() string    { return c.User }
func (c Click) time() weir.Time { return weir.At(c.At) }

// clock is a moment of a day, for what examples print.
func clock(t weir.Time) string { return t.Time().Format("15:04") }

// clicks are some clicks, by page. The last one comes when an hour has passed.
func clicks(job *weir.Job) weir.Keyed[string, Click] {
	in := weir.From(job, "clicks", weir.Slice(
		Click{"home", "ann", noon(0)}, Click{"home", "bob", noon(1)}, Click{"news", "ann", noon(3)},
		Click{"home", "ann", noon(7)}, Click{"home", "cleo", noon(14)},
	), weir.OutOfOrder(time.Minute, Click.time))
	return weir.KeyBy(in, Click.page)
}

// say is a pane as text.
func say[R any](p weir.Pane[string, R]) (string, error) {
	return fmt.Sprintf("%s %s–%s: %v", p.Key, clock(p.Start), clock(p.End), p.Value), nil
}

func ExampleAggregateWindow() {
	job := weir.NewJob("clicks")
	perFive := weir.Window(clicks(job), window.Tumbling(5*time.Minute))
	show(job, weir.Map(weir.AggregateWindow(perFive, "per page", weir.Count[Click]()), say[int64]))
	// Output:
	// home 12:00–12:05: 2
	// home 12:05–12:10: 1
	// home 12:10–12:15: 1
	// news 12:00–12:05: 1
}

// Windows that overlap: ten minutes, every five.
func ExampleWindow() {
	job := weir.NewJob("clicks")
	smooth := weir.Window(clicks(job), window.Sliding(10*time.Minute, 5*time.Minute))
	show(job, weir.Map(weir.AggregateWindow(smooth, "per page", weir.Count[Click]()), say[int64]))
	// Output:
	// home 11:55–12:05: 2
	// home 12:00–12:10: 3
	// home 12:05–12:15: 2
	// home 12:10–12:20: 1
	// news 11:55–12:05: 1
	// news 12:00–12:10: 1
}

// The latest click of each window.
func ExampleReduceWindow() {
	job := weir.NewJob("clicks")
	later := func(a, b Click) (Click, error) {
		if b.At.After(a.At) {
			return b, nil
		}
		return a, nil
	}
	latest := weir.ReduceWindow(weir.Window(clicks(job), window.Tumbling(10*time.Minute)), "latest", later)
	show(job, weir.Map(latest, func(p weir.Pane[string, Click]) (string, error) {
		return fmt.Sprintf("%s %s: %s", p.Key, clock(p.Start), p.Value.User), nil
	}))
	// Output:
	// home 12:00: ann
	// home 12:10: cleo
	// news 12:00: ann
}

// All that a session had, in the order in which it came.
func ExampleProcessWindow() {
	job := weir.NewJob("visits")
	visits := weir.Window(clicks(job), window.Session(5*time.Minute))
	show(job, weir.ProcessWindow(visits, "visits", func(c *weir.KeyContext[string], out *weir.Out[string]) func(window.Bounds, iter.Seq[Click]) error {
		return func(w window.Bounds, all iter.Seq[Click]) error {
			text := fmt.Sprintf("%s from %s to %s:", c.Key(), clock(w.Start), clock(w.End))
			for click := range all {
				text += " " + click.User
			}
			out.Emit(text)
			return nil
		}
	}))
	// Output:
	// home from 12:00 to 12:06: ann bob
	// home from 12:07 to 12:12: ann
	// home from 12:14 to 12:19: cleo
	// news from 12:03 to 12:08: ann
}

// A window is kept for some time after its end. A record that comes then makes it fire again;
// one that comes even later goes to a side output.
func ExampleWindowed_LateTo() {
	job := weir.NewJob("late")
	in := weir.From(job, "clicks", oneByOne(
		Click{"home", "ann", noon(0)}, Click{"home", "bob", noon(6)}, Click{"home", "cleo", noon(1)},
		Click{"home", "dan", noon(30)}, Click{"home", "eve", noon(2)},
	), weir.Monotonous(Click.time)).Parallelism(1)
	late := weir.NewTag[Click]("late")
	windows := weir.Window(weir.KeyBy(in, Click.page), window.Tumbling(5*time.Minute)).
		AllowedLateness(10 * time.Minute).
		LateTo(late)
	counts := weir.AggregateWindow(windows, "count", weir.Count[Click]())
	tooLate := weir.Map(weir.SideOutput(counts, late), func(c Click) (string, error) { return c.User + " is too late", nil })
	show(job, weir.Union(weir.Map(counts, say[int64]), tooLate))
	// Output:
	// eve is too late
	// home 12:00–12:05: 1
	// home 12:00–12:05: 2
	// home 12:05–12:10: 1
	// home 12:30–12:35: 1
}

// With every second record a window fires.
func ExampleWindowed_Trigger() {
	job := weir.NewJob("clicks")
	windows := weir.Window(clicks(job), window.Tumbling(time.Hour)).Trigger(window.EveryCount(2))
	show(job, weir.Map(weir.AggregateWindow(windows, "count", weir.Count[Click]()), say[int64]))
	// Output:
	// home 12:00–13:00: 2
	// home 12:00–13:00: 4
}

func ExampleDistinct() {
	job := weir.NewJob("clicks")
	windows := weir.Window(clicks(job), window.Tumbling(time.Hour))
	show(job, weir.Map(weir.AggregateWindow(windows, "users", weir.Distinct(Click.user)), say[int64]))
	// Output:
	// home 12:00–13:00: 3
	// news 12:00–13:00: 1
}
