package clock

import (
	"testing"

	"pgregory.net/rapid"

	"github.com/weirstream/weir/internal/flow"
)

func at(t flow.Time) flow.Mark   { return flow.Mark{Time: t} }
func idle(t flow.Time) flow.Mark { return flow.Mark{Time: t, Idle: true} }

// Three channels, step by step: they advance, fall idle and come back.
func TestClock(t *testing.T) {
	c := New(3)
	for i, step := range []struct {
		channel int
		mark    flow.Mark
		want    flow.Mark
		changed bool
	}{
		{0, at(10), at(flow.MinTime), false}, // the others are still before every moment
		{1, at(5), at(flow.MinTime), false},
		{2, at(7), at(5), true},
		{1, at(3), at(5), false}, // a mark that falls does nothing
		{1, at(20), at(7), true},
		{2, idle(7), at(10), true}, // it held time back
		{0, at(12), at(12), true},  // an idle channel is not waited for
		{2, at(9), at(12), false},  // back, and behind: it does not count before it has caught up
		{0, at(15), at(15), true},
		{2, at(16), at(15), false},
		{0, at(18), at(16), true}, // now it counts
		{0, idle(18), at(16), false},
		{1, idle(20), at(16), false},
		{2, idle(16), flow.Mark{Time: 20, Idle: true}, true}, // all idle: as far as any of them has come
		{0, at(19), at(20), true},                            // active again, and behind
		{0, at(flow.MaxTime), idle(20), true},                // it has ended, and the others are idle: more may come
		{2, at(22), at(22), true},
		{2, at(flow.MaxTime), idle(22), true},
		{1, at(21), at(22), true},
		{1, at(flow.MaxTime), at(flow.MaxTime), true},
	} {
		got, changed := c.Mark(step.channel, step.mark)
		if got != step.want || changed != step.changed {
			t.Fatalf("step %d: channel %d at %+v: got %+v %t, want %+v %t", i, step.channel, step.mark, got, changed, step.want, step.changed)
		}
	}
}

// A channel that ends no longer holds time back, and one that is added does, until it has
// caught up.
func TestChannelsThatComeAndGo(t *testing.T) {
	c := New(0)
	a := c.Add(flow.MinTime)
	if m, changed := c.Mark(a, at(10)); !changed || m != at(10) {
		t.Fatal(m, changed)
	}
	b := c.Add(3)
	if m, changed := c.Mark(a, at(20)); changed || m != at(10) {
		t.Fatalf("%+v %t: the new channel is at 3", m, changed)
	}
	if m, changed := c.Mark(b, at(15)); !changed || m != at(15) {
		t.Fatal(m, changed)
	}
	if m, changed := c.Remove(b); !changed || m != at(20) {
		t.Fatalf("%+v %t: the channel that was behind is gone", m, changed)
	}
	if m, changed := c.Remove(b); changed || m != at(20) {
		t.Fatalf("%+v %t: it is gone already", m, changed)
	}
	if m, changed := c.Mark(b, at(99)); changed || m != at(20) {
		t.Fatalf("%+v %t: a mark of a channel that is gone", m, changed)
	}
	if again := c.Add(25); again != b {
		t.Errorf("channel %d, want %d again", again, b)
	}
	c = New(0)
	a, b = c.Add(20), c.Add(50)
	c.Settle()
	c.Remove(b)
	if m, changed := c.Mark(a, idle(20)); !changed || m != idle(20) {
		t.Errorf("%+v %t: how far a channel had come that is gone does not count", m, changed)
	}
	if m, changed := New(0).Settle(); changed || m != at(flow.MinTime) {
		t.Errorf("%+v %t: without channels there is nothing to say", m, changed)
	}
}

// A channel that takes the place of one that is gone in the middle of the heap goes up to
// where it belongs.
func TestChannelsGoInTheMiddle(t *testing.T) {
	c := New(0)
	for _, at := range []flow.Time{1, 10, 2, 11, 12, 3} {
		c.Add(at)
	}
	c.Remove(3) // of 11; the last one, of 3, takes its place under that of 10
	c.Mark(0, at(20))
	if m, _ := c.Mark(2, at(20)); m != at(3) {
		t.Errorf("time is %+v, and there is a channel at 3", m)
	}
}

// Against a model that looks at all channels each time: time never falls, and it is the least
// of those channels that count.
func TestClockAgainstAModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		type state struct {
			time                flow.Time
			idle, count, absent bool
		}
		n := rapid.IntRange(0, 12).Draw(t, "channels")
		times := rapid.IntRange(0, rapid.SampledFrom([]int{4, 20}).Draw(t, "times"))
		c := New(n)
		model := make([]state, n)
		for i := range model {
			model[i] = state{time: flow.MinTime, count: true}
		}
		out := flow.Mark{Time: flow.MinTime}
		// judge is what follows; stopped is the time of a channel that has just become idle.
		judge := func(stopped *flow.Time) flow.Mark {
			want := flow.Mark{Time: out.Time, Idle: len(model) > 0}
			least, furthest, counted := flow.MaxTime, flow.MinTime, false
			for _, s := range model {
				if s.absent {
					continue
				}
				want.Idle = want.Idle && s.idle
				furthest = max(furthest, s.time)
				if s.count {
					least, counted = min(least, s.time), true
				}
			}
			if counted {
				want.Time = max(want.Time, least)
			} else if want.Idle && !out.Idle && stopped != nil && *stopped == out.Time {
				want.Time = max(want.Time, furthest)
			}
			return want
		}
		check := func(what string, i int, got flow.Mark, changed bool, want flow.Mark) {
			if got != want || changed != (want != out) || c.Now() != want {
				t.Fatalf("%s of channel %d: got %+v %t, want %+v after %+v; the model is %+v", what, i, got, changed, want, out, model)
			}
			out = want
		}
		for range rapid.IntRange(1, 120).Draw(t, "steps") {
			i, what := 0, rapid.IntRange(0, 9).Draw(t, "what")
			if len(model) > 0 {
				i = rapid.IntRange(0, len(model)-1).Draw(t, "channel")
			} else {
				what = 0
			}
			s := state{}
			if len(model) > 0 {
				s = model[i]
			}
			switch what {
			case 0:
				at := flow.Time(times.Draw(t, "time"))
				added := c.Add(at)
				if added > len(model) || added < len(model) && !model[added].absent {
					t.Fatalf("channel %d of %d is added", added, len(model))
				}
				if added == len(model) {
					for i := range model {
						if model[i].absent {
							t.Fatalf("channel %d is new, and %d is free", added, i)
						}
					}
					model = append(model, state{})
				}
				model[added] = state{time: at, count: true}
				m, changed := c.Settle()
				check("adding", added, m, changed, judge(nil))
			case 1:
				if s.absent {
					m, changed := c.Remove(i)
					check("removing again", i, m, changed, out)
					continue
				}
				model[i] = state{absent: true}
				m, changed := c.Remove(i)
				check("removing", i, m, changed, judge(nil))
			default:
				m := flow.Mark{Time: flow.Time(times.Draw(t, "time")), Idle: rapid.IntRange(0, 2).Draw(t, "idle") == 0}
				got, changed := c.Mark(i, m)
				if s.absent {
					check("a late mark", i, got, changed, out)
					continue
				}
				before, wasIdle := s.time, s.idle
				s.time, s.idle = max(s.time, m.Time), m.Idle
				var stopped *flow.Time
				switch {
				case m.Idle:
					s.count = false
					if !wasIdle {
						stopped = &before
					}
				case wasIdle || !s.count:
					s.count = s.time >= out.Time
				}
				model[i] = s
				if m.Idle && wasIdle { // nothing has changed
					check("idle again", i, got, changed, out)
					continue
				}
				check("a mark", i, got, changed, judge(stopped))
			}
		}
	})
}
