package weirtest_test

import (
	"slices"
	"testing"
	"time"

	"github.com/weirstream/weir"
	"github.com/weirstream/weir/run"
	"github.com/weirstream/weir/weirtest"
)

type click struct {
	User string
	At   weir.Time
}

func (c click) ByUser() string { return c.User }

type session struct {
	User        string
	First, Last weir.Time
	Clicks      int
}

// sessions joins the clicks of a user until there is none for a minute.
func sessions(c *weir.KeyContext[string], out *weir.Out[session]) func(click) error {
	open := weir.NewValue[session](c, "open")
	end := c.EventTimer("gap", func(weir.Time) error {
		s, _ := open.Get()
		open.Clear()
		out.Emit(s)
		return nil
	})
	return func(v click) error {
		s, going := open.Ref()
		if !going {
			*s = session{User: v.User, First: v.At}
		}
		s.Last, s.Clicks = max(s.Last, v.At), s.Clicks+1
		end.Set(s.Last.Add(time.Minute))
		return nil
	}
}

func TestSession(t *testing.T) {
	weirtest.Test(t, func(t *testing.T, r *weirtest.Run) {
		clicks, out, job := weirtest.Operator(func(in weir.Stream[click]) weir.Stream[session] {
			return weir.Process(weir.KeyBy(in, click.ByUser), "sessions", sessions)
		})
		r.Start(job, run.Options{Parallelism: 2})
		clicks.Push(click{"ann", 1000}, click{"ann", 2000})
		r.Checkpoint()
		clicks.Push(click{"ann", 3000}) // processed, and in no checkpoint
		r.Crash()
		r.Start(job, run.Options{Parallelism: 5})
		clicks.Watermark(63_000)
		r.Checkpoint()
		if want := []session{{"ann", 1000, 3000, 3}}; !slices.Equal(out.Visible(), want) {
			t.Errorf("got %v, want %v", out.Visible(), want)
		}
	})
}

// Sessions come out the same with a crash at any moment.
func TestSessionAndEveryCrash(t *testing.T) {
	weirtest.EveryCrash(t, func(t *testing.T, r *weirtest.Run) {
		clicks, out, job := weirtest.Operator(func(in weir.Stream[click]) weir.Stream[session] {
			return weir.Process(weir.KeyBy(in, click.ByUser), "sessions", sessions)
		})
		r.Start(job, run.Options{Parallelism: 2})
		clicks.Push(click{"ann", 1000}, click{"ann", 2000})
		r.Checkpoint()
		clicks.Push(click{"ann", 3000})
		clicks.Watermark(63_000)
		r.Settle()
		want := []session{{"ann", 1000, 3000, 3}}
		if !slices.Equal(out.Written(), want) || len(out.Visible()) > 0 {
			t.Errorf("written %v, visible %v, want %v and nothing", out.Written(), out.Visible(), want)
		}
		r.Checkpoint()
		if !slices.Equal(out.Visible(), want) {
			t.Errorf("got %v, want %v", out.Visible(), want)
		}
		clicks.End()
	}, 1, 3, 2)
}
