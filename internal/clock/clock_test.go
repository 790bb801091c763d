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
		{0, at(flow.MaxTime), at(flow.MaxTime), true},
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
	if m, changed := c.Mark(b, at(99)); changed || m != at(20) {
		t.Fatalf("%+v %t: a mark of a channel that is gone", m, changed)
	}
	if again := c.Add(25); again != b {
		t.Errorf("channel %d, want %d again", again, b)
	}
}

// Against a model that looks at all channels each time: time never falls, and it is the least
// of those channels that count.
func TestClockAgainstAModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		type state struct {
			time        flow.Time
			idle, count bool
		}
		n := rapid.IntRange(1, 6).Draw(t, "channels")
		c := New(n)
		model := make([]state, n)
		for i := range model {
			model[i] = state{flow.MinTime, false, true}
		}
		out := flow.Mark{Time: flow.MinTime}
		for range rapid.IntRange(1, 60).Draw(t, "steps") {
			i := rapid.IntRange(0, n-1).Draw(t, "channel")
			m := flow.Mark{Time: flow.Time(rapid.IntRange(0, 20).Draw(t, "time")), Idle: rapid.IntRange(0, 3).Draw(t, "idle") == 0}
			s := &model[i]
			before := s.time
			wasIdle := s.idle
			s.time = max(s.time, m.Time)
			s.idle = m.Idle
			switch {
			case m.Idle:
				s.count = false
			case wasIdle || !s.count:
				s.count = s.time >= out.Time
			}
			want := flow.Mark{Time: out.Time, Idle: true}
			least, furthest, counted := flow.MaxTime, flow.MinTime, false
			for _, s := range model {
				want.Idle = want.Idle && s.idle
				furthest = max(furthest, s.time)
				if s.count {
					least, counted = min(least, s.time), true
				}
			}
			if counted {
				want.Time = max(want.Time, least)
			} else if want.Idle && !out.Idle && m.Idle && !wasIdle && before == out.Time {
				want.Time = max(want.Time, furthest)
			}
			got, changed := c.Mark(i, m)
			if got != want || changed != (want != out) {
				t.Fatalf("channel %d at %+v: got %+v %t, want %+v after %+v", i, m, got, changed, want, out)
			}
			out = want
		}
	})
}
