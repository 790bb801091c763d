package keyed

import (
	"math"
	"runtime"
	"testing"
	"unsafe"
	"weak"

	"pgregory.net/rapid"

	"github.com/weirstream/weir/checkpoint"
	"github.com/weirstream/weir/flink"
	"github.com/weirstream/weir/internal/flow"
)

// The order of queues is that of their first times, wherever in the heap one changes or
// goes.
func TestTimerOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		queues := rapid.IntRange(1, 20).Draw(t, "queues")
		o := newTimerOrder(queues)
		model := make(map[int]int64)
		times := rapid.OneOf(rapid.Int64Range(0, 30), rapid.SampledFrom([]int64{math.MinInt64, math.MaxInt64}))
		for range rapid.IntRange(1, 120).Draw(t, "steps") {
			q, at, ok := rapid.IntRange(0, queues-1).Draw(t, "queue"), times.Draw(t, "time"), rapid.IntRange(0, 3).Draw(t, "has") > 0
			o.fix(q, at, ok)
			if delete(model, q); ok {
				model[q] = at
			}
			if len(o.heap) != len(model) {
				t.Fatalf("%d queues, want %d", len(o.heap), len(model))
			}
			for i, q := range o.heap {
				if o.pos[q] != i || o.at[q] != model[q] || i > 0 && o.at[o.heap[(i-1)/2]] > o.at[q] {
					t.Fatalf("queue %d of time %d, which is %d, is in place %d of %v", q, o.at[q], model[q], i, o.heap)
				}
			}
			least := int64(math.MaxInt64)
			for _, at := range model {
				least = min(least, at)
			}
			if at, q, ok := o.first(); ok != (len(model) > 0) || ok && (at != least || model[q] != least) {
				t.Fatalf("the first is queue %d at %d, %t; want %d", q, at, ok, least)
			}
		}
	})
}

// Timers of one time, however many and of whichever keys and windows, are found by
// searching, and come each once.
func TestManyTimersOfOneTime(t *testing.T) {
	words := []string{""} // "Aa" and "BB" have the same hash code, and so have all words made of them
	for len(words) < 1<<9 {
		var longer []string
		for _, w := range words {
			longer = append(longer, w+"Aa", w+"BB")
		}
		words = longer
	}
	const windows = 16
	s := newTimerSample(t, 0, 1, 1)
	left := make(map[wake]bool)
	each := func(do func(w wake)) {
		for i, word := range words {
			s.Set(word, 0)
			for j := range int64(windows) {
				s.windows.In(Window{j, j + 1})
				do(wake{int64(i), word, Window{j, j + 1}})
			}
		}
	}
	each(func(w wake) {
		if !s.windows.Register(7) || s.windows.Register(7) {
			t.Fatalf("%v is not new, or is twice", w)
		}
		left[wake{7, w.key, w.window}] = true
	})
	q := &s.windows.queues[0]
	alike, last := 0, uint32(0)
	for _, run := range q.runs {
		for i := run.from; i < run.to; i++ {
			if hash := run.page.hash[i]; hash == last {
				alike++
			} else {
				last = hash
			}
		}
	}
	if alike > 10 {
		t.Errorf("%d of %d timers have the hash of another", alike, q.n)
	}
	each(func(w wake) {
		if w.at%3 == 0 && !s.windows.Delete(7) {
			t.Fatalf("%v is not there", w)
		}
		if w.at%3 == 0 {
			delete(left, wake{7, w.key, w.window})
		}
	})
	if _, ok := s.windows.PopDue(6); ok {
		t.Error("one is due before its time")
	}
	for at, ok := s.windows.PopDue(7); ok; at, ok = s.windows.PopDue(7) {
		w := wake{at, s.Current.Key(), s.windows.Space()}
		if !left[w] {
			t.Fatalf("%v has come, and is not there", w)
		}
		delete(left, w)
	}
	if len(left) != 0 || s.windows.size() != 0 {
		t.Errorf("%d have not come, and %d are there", len(left), s.windows.size())
	}
}

// A timer of NaN could never be deleted: it is refused, or dropped.
func TestTimersOfNaNAreNotRestored(t *testing.T) {
	backend := func() (*Backend[float64], *Timers[float64, Void]) {
		b := NewBackend(checkpoint.KeyGroupRange{}, of[float64](t), flink.JavaDoubleHash)
		timers, err := NewTimers(b, ProcessingTime, "user-timers")
		if err != nil {
			t.Fatal(err)
		}
		return b, timers
	}
	old, timers := backend()
	for _, key := range []float64{1, math.NaN(), 2} {
		old.Set(key, 0)
		timers.Register(5)
	}
	part := []flow.KeyedPart{write(t, old.Snapshot())}
	again, _ := backend()
	wantIncompatible(t, again.Restore(part, false), "NaN", "Options.AllowNonRestoredState")
	again, timers = backend()
	if err := again.Restore(part, true); err != nil || timers.size() != 2 {
		t.Errorf("%d timers are restored, %v; want 2", timers.size(), err)
	}
}

// A snapshot keeps no page of timers that it has written.
func TestWrittenTimersAreNotCopied(t *testing.T) {
	s := newDeep(t)
	s.fill()
	page := func(group int64) *timerPage[int64, Void] { return s.timers.queues[group].runs[0].page }
	frozen := s.Snapshot().(*snapshot)
	defer frozen.Release()
	if err := frozen.writeGroup(new(encoder), 0); err != nil {
		t.Fatal(err)
	}
	for group, want := range []bool{true, false, false} {
		before := page(int64(group))
		s.at(int64(group))
		s.timers.Register(-1)
		if (before == page(int64(group))) != want {
			t.Errorf("the page of group %d, of which group 0 is written, was copied: %t", group, want)
		}
		again, runs := page(int64(group)), unsafe.SliceData(s.timers.queues[group].runs)
		s.timers.Delete(-1)
		if page(int64(group)) != again || unsafe.SliceData(s.timers.queues[group].runs) != runs {
			t.Errorf("what was copied of group %d is copied again", group)
		}
	}
}

// A page of timers is let go with the last of them.
func TestPagesOfTimersAreLetGo(t *testing.T) {
	s := newTimerSample(t, 0, 1, 1)
	s.Set("key", 0)
	for at := range int64(2 * runSize) {
		s.plain.Register(at)
	}
	page := weak.Make(s.plain.queues[0].runs[0].page)
	for range runSize {
		s.plain.PopDue(math.MaxInt64)
	}
	if runtime.GC(); page.Value() != nil {
		t.Error("a page of timers that have come is there still")
	}
	if s.plain.size() != runSize {
		t.Errorf("%d timers are left", s.plain.size())
	}
}
