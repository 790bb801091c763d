package keyed

import (
	"bytes"
	"cmp"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"testing"
	"unsafe"

	"pgregory.net/rapid"

	"github.com/weirstream/weir/checkpoint"
	"github.com/weirstream/weir/flink"
	"github.com/weirstream/weir/internal/flow"
)

// A wake is a timer in the model.
type wake struct {
	at     int64
	key    string
	window Window
}

// A timerSample is subtasks with timers, plain and in windows.
type timerSample struct {
	*Backend[string]
	plain   *Timers[string, Void]
	windows *Timers[string, Window]
}

func newTimerSample(t interface{ Fatal(...any) }, subtask, parallelism, maxParallelism int) *timerSample {
	s := &timerSample{Backend: NewBackend(flink.KeyGroupRangeOf(checkpoint.Subtask(subtask), maxParallelism, parallelism), of[string](t), flink.JavaStringHash)}
	var err1, err2 error
	s.plain, err1 = NewTimers(s.Backend, EventTime, "user-timers")
	s.windows, err2 = NewTimersIn(s.Backend, EventTime, "window-timers", Windows)
	if err1 != nil || err2 != nil {
		t.Fatal(err1, err2)
	}
	return s
}

// at makes a key and a window the current ones, if the subtask has the key.
func (s *timerSample) at(w wake, maxParallelism int) bool {
	g := flink.KeyGroupOf(flink.JavaStringHash(w.key), maxParallelism)
	if !s.keyGroups.Contains(g) {
		return false
	}
	s.Set(w.key, g)
	s.windows.In(w.window)
	return true
}

// isHome checks that the current key is in its own key group.
func (s *timerSample) isHome(t *rapid.T, maxParallelism int) {
	c := &s.Current
	if got, want := c.groups[c.at()], flink.KeyGroupOf(flink.JavaStringHash(c.Key()), maxParallelism); got != want {
		t.Fatalf("the timer's key %q is current in key group %d, and belongs to %d", c.Key(), got, want)
	}
}

// Timers are a set that gives out what is due in the order of time. A snapshot of them is
// restored at any parallelism as they were, whatever is done to them while it is written.
func TestTimersAreASet(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		maxParallelism := rapid.SampledFrom([]int{1, 3, 128}).Draw(t, "max parallelism")
		parallelism := rapid.IntRange(1, min(2, maxParallelism)).Draw(t, "parallelism")
		s := newTimerSample(t, rapid.IntRange(0, parallelism-1).Draw(t, "subtask"), parallelism, maxParallelism)
		plain, windows := make(map[wake]bool), make(map[wake]bool)
		times := rapid.OneOf(rapid.Int64Range(-3, 3), rapid.Int64Range(-200, 200), rapid.SampledFrom([]int64{math.MinInt64, math.MaxInt64}))
		keys := rapid.SampledFrom([]string{"", "a", "Aa", "BB", "😀", "b", "c", "d"})
		anyWake := rapid.Custom(func(t *rapid.T) wake {
			start := rapid.Int64Range(-1, 1).Draw(t, "start")
			return wake{times.Draw(t, "time"), keys.Draw(t, "key"), Window{start, start + 2}}
		})
		pop := func(t *rapid.T, what string, popDue func(int64) (int64, bool), space func() Window, model map[wake]bool) {
			now := times.Draw(t, "now")
			last := int64(math.MinInt64)
			for range rapid.IntRange(0, 100).Draw(t, "pops") {
				at, ok := popDue(now)
				if !ok {
					for w := range model {
						if w.at <= now {
							t.Fatalf("%s: nothing is due at %d, and there is %v", what, now, w)
						}
					}
					break
				}
				w := wake{at, s.Current.Key(), space()}
				s.isHome(t, maxParallelism)
				if !model[w] || at > now || at < last {
					t.Fatalf("%s: %v is due at %d, after one at %d; it is there: %t", what, w, now, last, model[w])
				}
				for other := range model {
					if other.at < at {
						t.Fatalf("%s: %v is due before %v", what, w, other)
					}
				}
				last = at
				delete(model, w)
			}
		}
		void := func(w wake) wake { w.window = Window{}; return w }
		type shot struct {
			flow.KeyedSnapshot
			plain, windows map[wake]bool
		}
		var shots []shot
		check := func(t *rapid.T, shot shot) {
			part := write(t, shot.KeyedSnapshot)
			shot.Release()
			after := rapid.IntRange(1, min(3, maxParallelism)).Draw(t, "parallelism after")
			plain, windows := make(map[wake]bool), make(map[wake]bool)
			for i := range after {
				r := newTimerSample(t, i, after, maxParallelism)
				if err := r.Restore([]flow.KeyedPart{part}, false); err != nil {
					t.Fatal(err)
				}
				for at, ok := r.plain.PopDue(math.MaxInt64); ok; at, ok = r.plain.PopDue(math.MaxInt64) {
					r.isHome(t, maxParallelism)
					plain[wake{at, r.Current.Key(), Window{}}] = true
				}
				for at, ok := r.windows.PopDue(math.MaxInt64); ok; at, ok = r.windows.PopDue(math.MaxInt64) {
					r.isHome(t, maxParallelism)
					windows[wake{at, r.Current.Key(), r.windows.Space()}] = true
				}
			}
			if !maps.Equal(plain, shot.plain) || !maps.Equal(windows, shot.windows) {
				t.Fatalf("restored %v and %v, want %v and %v", plain, windows, shot.plain, shot.windows)
			}
		}
		t.Repeat(map[string]func(*rapid.T){
			"register": func(t *rapid.T) {
				for _, w := range rapid.SliceOfN(anyWake, 1, 100).Draw(t, "timers") {
					if !s.at(w, maxParallelism) {
						continue
					}
					if got, want := s.plain.Register(w.at), !plain[void(w)]; got != want {
						t.Fatalf("%v is new: %t, want %t", void(w), got, want)
					}
					if got, want := s.windows.Register(w.at), !windows[w]; got != want {
						t.Fatalf("%v is new: %t, want %t", w, got, want)
					}
					plain[void(w)], windows[w] = true, true
				}
			},
			"delete": func(t *rapid.T) {
				for _, w := range rapid.SliceOfN(anyWake, 1, 100).Draw(t, "timers") {
					if !s.at(w, maxParallelism) {
						continue
					}
					if got, want := s.plain.Delete(w.at), plain[void(w)]; got != want {
						t.Fatalf("%v was there: %t, want %t", void(w), got, want)
					}
					if got, want := s.windows.Delete(w.at), windows[w]; got != want {
						t.Fatalf("%v was there: %t, want %t", w, got, want)
					}
					delete(plain, void(w))
					delete(windows, w)
				}
			},
			"delete most": func(t *rapid.T) {
				for _, w := range sortedWakes(windows) {
					if rapid.IntRange(0, 5).Draw(t, "keep") > 0 {
						s.at(w, maxParallelism)
						if !s.windows.Delete(w.at) {
							t.Fatalf("%v was not there", w)
						}
						delete(windows, w)
					}
				}
			},
			"pop": func(t *rapid.T) {
				pop(t, "plain", s.plain.PopDue, func() Window { return Window{} }, plain)
				pop(t, "windows", s.windows.PopDue, s.windows.Space, windows)
			},
			"freeze": func(t *rapid.T) {
				if len(shots) < 3 {
					shots = append(shots, shot{s.Snapshot(), maps.Clone(plain), maps.Clone(windows)})
				}
			},
			"write": func(t *rapid.T) {
				if len(shots) > 0 {
					i := rapid.IntRange(0, len(shots)-1).Draw(t, "snapshot")
					check(t, shots[i])
					shots = slices.Delete(shots, i, i+1)
				}
			},
			"": func(t *rapid.T) {
				if n := s.Entries(); n != len(plain)+len(windows) {
					t.Fatalf("%d timers, want %d", n, len(plain)+len(windows))
				}
				for _, model := range []struct {
					next  func() (int64, bool)
					wakes map[wake]bool
				}{{s.plain.Next, plain}, {s.windows.Next, windows}} {
					first := int64(math.MaxInt64)
					for w := range model.wakes {
						first = min(first, w.at)
					}
					if at, ok := model.next(); ok != (len(model.wakes) > 0) || ok && at != first {
						t.Fatalf("the next is at %d, %t; want %d of %d", at, ok, first, len(model.wakes))
					}
				}
				for i := range s.windows.queues {
					checkQueue(t, &s.windows.queues[i])
				}
			},
		})
		for _, shot := range shots {
			check(t, shot)
		}
	})
}

func sortedWakes(wakes map[wake]bool) []wake {
	return slices.SortedFunc(maps.Keys(wakes), func(a, b wake) int {
		return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.key, b.key), cmp.Compare(a.window.Start, b.window.Start))
	})
}

// checkQueue checks what a queue says of itself.
func checkQueue[K, N comparable](t interface{ Fatalf(string, ...any) }, q *timerQueue[K, N]) {
	n := 0
	last := timer[K, N]{at: math.MinInt64}
	for r := range q.runs {
		run := &q.runs[r]
		if run.len() < 1 || run.at != run.page.at[run.from] || run.hash != run.page.hash[run.from] {
			t.Fatalf("run %d of %d timers says that it begins at %d", r, run.len(), run.at)
		}
		for i := run.from; i < run.to; i++ {
			if w := run.page.get(int(i)); earlier(w.at, w.hash, last.at, last.hash) {
				t.Fatalf("run %d: %v comes after %v", r, w, last)
			} else {
				last = w
			}
		}
		n += run.len()
	}
	if n != q.n {
		t.Fatalf("%d timers in the runs, and %d in all", n, q.n)
	}
}

// The bytes of timers are those that Flink's TimerSerializer writes.
func TestTimersAreWrittenAsFlinkDoes(t *testing.T) {
	s := newTimerSample(t, 0, 1, 1)
	for _, w := range []wake{{999, "a", Window{0, 1000}}, {-5, "a", Window{0, 1000}}} {
		s.at(w, 1)
		s.windows.Register(w.at)
	}
	s.plain.Register(7)
	p := write(t, s.Snapshot())
	data := make([]byte, p.Size)
	p.Data.ReadAt(data, 0)
	want := "00000000" + // key group
		"0000 00000001" + "8000000000000007 0261 00" +
		"0001 00000002" + "7FFFFFFFFFFFFFFB 0261 0000000000000000 00000000000003E8" +
		"80000000000003E7 0261 0000000000000000 00000000000003E8"
	if got := fmt.Sprintf("%X", data[p.Offsets[0]:]); got != strings.ReplaceAll(want, " ", "") {
		t.Errorf("wrote %s\nwant  %s", got, want)
	}
	h := &flink.KeyGroupsHandle{Tag: flink.TagKeyGroupsV2, Range: p.Range, Offsets: p.Offsets}
	var got []string
	for e, err := range flink.KeyedEntries(h, data) {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, fmt.Sprint(e.State.Kind, " ", e.State.Name, " ", e.Value))
	}
	if want := []string{
		"queue _timer_state/event_user-timers {7 a <nil>}",
		"queue _timer_state/event_window-timers {-5 a {0 1000}}",
		"queue _timer_state/event_window-timers {999 a {0 1000}}",
	}; !slices.Equal(got, want) {
		t.Errorf("read %q", got)
	}
}

// What of timers does not fit the job, or makes no sense, is refused, or dropped where that
// is asked for.
func TestTimersThatDoNotFit(t *testing.T) {
	s := newTimerSample(t, 0, 1, 1)
	s.at(wake{key: "a"}, 1)
	s.plain.Register(7)
	s.plain.Register(8)
	p := write(t, s.Snapshot())
	backend := func(declare func(b *Backend[string]) error) *Backend[string] {
		b := NewBackend(s.keyGroups, of[string](t), flink.JavaStringHash)
		if err := declare(b); err != nil {
			t.Fatal(err)
		}
		return b
	}
	const name = "_timer_state/event_user-timers"
	nothing := backend(func(*Backend[string]) error { return nil })
	wantIncompatible(t, nothing.Restore([]flow.KeyedPart{p}, false), name, "Options.AllowNonRestoredState")
	if err := nothing.Restore([]flow.KeyedPart{p}, true); err != nil {
		t.Errorf("dropped: %v", err)
	}
	wantIncompatible(t, backend(func(b *Backend[string]) error {
		_, err := NewValue(b, name, PlainValue, of[int64](t))
		return err
	}).Restore([]flow.KeyedPart{p}, true), name, "queue", "keyed state")
	wantIncompatible(t, backend(func(b *Backend[string]) error {
		_, err := NewTimersIn(b, EventTime, "user-timers", Windows)
		return err
	}).Restore([]flow.KeyedPart{p}, true), name, "VoidNamespace", "TimeWindow")

	value := backend(func(b *Backend[string]) error {
		_, err := NewValue(b, name, PlainValue, of[int64](t))
		return err
	})
	wantIncompatible(t, newTimerSample(t, 0, 1, 1).Restore([]flow.KeyedPart{write(t, value.Snapshot())}, true), name, "keyed state", "declares it as timers")

	data := make([]byte, p.Size)
	p.Data.ReadAt(data, 0)
	data = bytes.Replace(data, []byte("\x80\x00\x00\x00\x00\x00\x00\x08"), []byte("\x80\x00\x00\x00\x00\x00\x00\x07"), 1)
	p.Data = bytes.NewReader(data)
	if err := newTimerSample(t, 0, 1, 1).Restore([]flow.KeyedPart{p}, false); err == nil || !strings.Contains(err.Error(), "a timer that is there twice: time 7, key a") {
		t.Errorf("a timer that is there twice: %v", err)
	}
}

// Timers that are registered in the order of time fill their pages, and a key that is cut
// out of a record does not keep the record in memory.
func TestTimersTakeLittle(t *testing.T) {
	s := newTimerSample(t, 0, 1, 1)
	record := strings.Repeat("key", 1000)
	for at := range int64(10 * runSize) {
		s.Set(record[:3], 0)
		s.plain.Register(at)
	}
	q := &s.plain.queues[0]
	if len(q.runs) != 10 {
		t.Errorf("%d pages of %d for %d timers", len(q.runs), runSize, q.n)
	}
	if kept := q.runs[0].page.key[0]; kept != "key" || unsafe.StringData(kept) == unsafe.StringData(record) {
		t.Errorf("%q is kept, in the record's memory", kept)
	}
}

// Where most timers are deleted, few pages are left, in whichever order they go.
func TestDeletedTimersTakeNothing(t *testing.T) {
	const n, kept = 100 * runSize, 16 // of so many one
	for _, backwards := range []bool{false, true} {
		s := newTimerSample(t, 0, 1, 1)
		s.Set("key", 0)
		for at := range int64(n) {
			s.plain.Register(at)
		}
		for at := range int64(n) {
			if backwards {
				at = n - 1 - at
			}
			if at%kept != 0 {
				s.plain.Delete(at)
			}
		}
		if pages := len(s.plain.queues[0].runs); pages > n/kept*8/(3*runSize)+1 {
			t.Errorf("backwards %t: %d pages of %d for %d timers", backwards, pages, runSize, n/kept)
		}
	}
}

// A queue finds every timer, also where many have one time and hash.
func TestTimerQueue(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var q timerQueue[int, int]
		f := &freezer{epoch: 1}
		model := make(map[int]timer[int, int])
		top := rapid.IntRange(0, 3).Draw(t, "highest time")
		end := endOf(0)
		type shot struct {
			*freeze
			runs []timerRun[int, int]
			want []timer[int, int]
		}
		var shots []shot
		timersOf := func(runs []timerRun[int, int]) (all []timer[int, int]) {
			for _, run := range runs {
				for i := run.from; i < run.to; i++ {
					all = append(all, run.page.get(int(i)))
				}
			}
			return all
		}
		t.Repeat(map[string]func(*rapid.T){
			"insert": func(t *rapid.T) {
				step := rapid.IntRange(1, 7).Draw(t, "step")
				for range rapid.IntRange(1, 200).Draw(t, "n") {
					key := len(model) * step % 1000
					w := timer[int, int]{at: int64(key % (top + 1)), hash: uint32(key / 100 % 2), key: key / 3, space: key % 3}
					r, i, found := q.find(&w)
					if found != hasKey(model, key) {
						t.Fatalf("%v is found: %t", w, found)
					}
					if !found {
						q.insert(f, end, r, i, w)
						model[key] = w
					}
				}
			},
			"remove": func(t *rapid.T) {
				from, step := rapid.IntRange(0, 1000).Draw(t, "from"), rapid.IntRange(1, 3).Draw(t, "step")
				for key := from; key < 1000; key += step {
					w, there := model[key]
					if !there {
						continue
					}
					r, i, found := q.find(&w)
					if !found {
						t.Fatalf("%v is not found", w)
					}
					q.remove(f, end, r, i)
					delete(model, key)
				}
			},
			"pop": func(t *rapid.T) {
				for range min(q.n, rapid.IntRange(0, 50).Draw(t, "n")) {
					w := q.pop(f, end)
					key := 3*w.key + w.space
					if model[key] != w {
						t.Fatalf("%v has come, and is not there", w)
					}
					for _, other := range model {
						if earlier(other.at, other.hash, w.at, w.hash) {
							t.Fatalf("%v has come before %v", w, other)
						}
					}
					delete(model, key)
				}
			},
			"freeze": func(t *rapid.T) {
				if len(shots) < 2 {
					shots = append(shots, shot{f.freeze(), q.runs, timersOf(q.runs)})
				}
			},
			"release": func(t *rapid.T) {
				if len(shots) > 0 {
					i := rapid.IntRange(0, len(shots)-1).Draw(t, "snapshot")
					shots[i].release()
					shots = slices.Delete(shots, i, i+1)
				}
			},
			"": func(t *rapid.T) {
				for _, s := range shots {
					if got := timersOf(s.runs); !slices.Equal(got, s.want) {
						t.Fatalf("a snapshot has %v, and had %v", got, s.want)
					}
				}
				checkQueue(t, &q)
				if q.n != len(model) {
					t.Fatalf("%d timers, want %d", q.n, len(model))
				}
				if f.epoch > 1 {
					return
				}
				for _, run := range q.runs { // what is gone is not held on to, but for a snapshot
					for i := range runSize {
						if w := run.page.get(i); (i < int(run.from) || i >= int(run.to)) && w != (timer[int, int]{}) {
							t.Fatalf("%v is still in a page", w)
						}
					}
				}
			},
		})
	})
}
