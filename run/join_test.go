package run_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/weirstream/weir"
	"github.com/weirstream/weir/connector/ratelimit"
	"github.com/weirstream/weir/flink"
	"github.com/weirstream/weir/run"
)

// fact is a record of one of two inputs.
type fact struct {
	Left bool
	Key  int64
	At   weir.Time
	N    int64
}

func factAt(f fact) weir.Time { return f.At }
func factKey(f fact) int64    { return f.Key }

// facts returns n records of two inputs, a few milliseconds apart and out of order by up to
// most, except for some that are later by more.
func facts(rng *rand.Rand, n, keys int, most time.Duration, late bool) []fact {
	type placed struct {
		fact
		at int64
	}
	var all []placed
	for i := range n {
		at := int64(i*3 + rng.IntN(5) + 1)
		shift := rng.Int64N(most.Milliseconds() + 1)
		if late && rng.IntN(10) == 0 {
			shift *= 1 + rng.Int64N(20)
		}
		all = append(all, placed{fact{rng.IntN(2) == 0, int64(rng.IntN(keys)), weir.Time(at), int64(i)}, at + shift})
	}
	slices.SortStableFunc(all, func(a, b placed) int { return int(a.at - b.at) })
	records := make([]fact, n)
	for i := range all {
		records[i] = all[i].fact
	}
	return records
}

// failing fails after so many records, over all lives.
func failing[T any](after []int64) func(T) (T, error) {
	var n atomic.Int64
	return func(v T) (T, error) {
		if now := n.Add(1); slices.Contains(after, now) {
			return v, fmt.Errorf("failure %d", now)
		}
		return v, nil
	}
}

// lives runs a job that build makes until its input has ended, with stops and other
// parallelisms, and returns how often it was run.
func lives(t *testing.T, rng *rand.Rand, opts run.Options, build func() *weir.Job) int {
	t.Helper()
	for n := 1; n < 100; n++ {
		opts.Parallelism = 1 + rng.IntN(3)
		ctx, cancel := context.WithTimeout(t.Context(), time.Duration(2+rng.IntN(6))*time.Second)
		err := run.Local(ctx, build(), opts)
		cancel()
		switch {
		case err == nil:
			return n
		case !errors.Is(err, run.ErrStopped) && !strings.Contains(err.Error(), "failure"):
			t.Fatal(err)
		}
	}
	t.Fatal("no end")
	return 0
}

type pair struct{ L, R, Timestamp int64 }

// wantPairs compares pairs, in any order.
func wantPairs(t *testing.T, got, want []pair) {
	t.Helper()
	compare := func(a, b pair) int { return int(a.L-b.L)*100_000 + int(a.R-b.R) }
	slices.SortFunc(got, compare)
	slices.SortFunc(want, compare)
	if !slices.Equal(got, want) {
		i := 0
		for i < min(len(got), len(want)) && got[i] == want[i] {
			i++
		}
		t.Fatalf("%d pairs, want %d; from the first difference: got %v, want %v", len(got), len(want), got[i:min(i+3, len(got))], want[i:min(i+3, len(want))])
	}
}

func isIn(records []fact) map[int64]bool {
	in := make(map[int64]bool)
	for _, r := range records {
		in[r.N] = true
	}
	return in
}

// The pairs of an interval join are those of the definition, without records that are late,
// whatever the interval, the disorder and the restarts; some keys have large buffers. Every
// late record goes to its side output, and nothing is left in the state at the end.
func TestIntervalJoin(t *testing.T) {
	for i := range 12 {
		synctest.Test(t, func(t *testing.T) {
			rng := seed(t)
			ms := func(n int) time.Duration { return time.Duration(n) * time.Millisecond }
			lower := rng.IntN(400) - 200
			upper := lower + rng.IntN([]int{5, 100, 600}[i%3])
			within := weir.Between(ms(lower), ms(upper))
			if i%4 == 1 {
				within, upper = within.UpperExclusive(), upper-1
			}
			if i%4 == 3 {
				within, lower = within.LowerExclusive(), lower+1
			}
			if lower > upper {
				return
			}
			most := ms(rng.IntN(200))
			keys := []int{1, 2, 50}[rng.IntN(3)]
			records := facts(rng, 1500, keys, most, i%2 == 0)
			var out weir.Collector[pair]
			var lateL, lateR weir.Collector[fact]
			// With late records there is one life only. After a restart event time is behind until
			// all channels have sent a mark: a record that would have been late comes in time then,
			// and its partners may be gone.
			someLate := i%2 == 0
			failAfter := []int64{400, 1700}
			if someLate {
				failAfter = nil
			}
			fails := failing[fact](failAfter)
			build := func() *weir.Job {
				job := weir.NewJob("join")
				in := weir.From(job, "in", ratelimit.Source(weir.Slice(records...), 150), weir.OutOfOrder(most, factAt))
				in = weir.Map(in, fails)
				side := func(left bool) weir.Keyed[int64, fact] {
					return weir.KeyBy(weir.Filter(in, func(f fact) (bool, error) { return f.Left == left, nil }), factKey)
				}
				l, r := weir.NewTag[fact]("late left"), weir.NewTag[fact]("late right")
				joined := weir.IntervalJoin(side(true), side(false), "join", within, func(a, b fact) (pair, error) {
					return pair{L: a.N, R: b.N}, nil
				}, weir.LateLeft(l), weir.LateRight(r))
				stamped := weir.Process(weir.KeyBy(joined, func(p pair) int64 { return p.L }), "stamp", func(c *weir.KeyContext[int64], out *weir.Out[pair]) func(pair) error {
					return func(p pair) error {
						p.Timestamp = int64(c.Timestamp())
						out.Emit(p)
						return nil
					}
				})
				weir.To(stamped, "out", &out)
				weir.To(weir.SideOutput(joined, l), "l", &lateL)
				weir.To(weir.SideOutput(joined, r), "r", &lateR)
				return job
			}
			opts := options(t, 1)
			opts.CheckpointInterval = time.Second
			n := 1
			if !someLate {
				n = lives(t, rng, opts, build)
			} else if err := run.Local(t.Context(), build(), opts); err != nil {
				t.Fatal(err)
			}
			late := isIn(append(lateL.Records(), lateR.Records()...))
			var want []pair
			for _, a := range records {
				for _, b := range records {
					if d := int(b.At - a.At); a.Left && !b.Left && a.Key == b.Key && d >= lower && d <= upper && !late[a.N] && !late[b.N] {
						want = append(want, pair{a.N, b.N, int64(max(a.At, b.At))})
					}
				}
			}
			t.Logf("%v, %d keys, out of order by %v: %d pairs, %d late, %d lives", within, keys, most, len(want), len(late), n)
			if i%2 == 1 && len(late) > 0 {
				t.Errorf("%d records are late", len(late))
			}
			wantPairs(t, out.Records(), want)
			wantNoState(t, opts, "join")
		})
	}
}

// An input that ends early, one that is silent and one that is idle: records wait for partners
// exactly as long as they must.
func TestIntervalJoinOfUnequalInputs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		left := &shelf{logs: map[string]*shelfLog{"log": {lines: []string{"a 1000", "a 2000"}, ended: true}}, committed: map[string][]uint64{}}
		right := &shelf{logs: map[string]*shelfLog{"log": {}}, committed: map[string][]uint64{}}
		var out weir.Collector[string]
		var late weir.Collector[string]
		job := weir.NewJob("unequal")
		key := func(line string) string { return line[:1] }
		a := weir.KeyBy(weir.From(job, "left", weir.Source[string](left), weir.Monotonous(timeOf).WithIdleness(time.Hour)), key)
		b := weir.KeyBy(weir.From(job, "right", weir.Source[string](right), weir.Monotonous(timeOf).WithIdleness(time.Hour)), key)
		tag := weir.NewTag[string]("late")
		joined := weir.IntervalJoin(a, b, "join", weir.Between(0, 10*time.Second), func(a, b string) (string, error) { return a + "+" + b, nil }, weir.LateRight(tag))
		weir.To(joined, "out", &out)
		weir.To(weir.SideOutput(joined, tag), "late", &late)
		opts := options(t, 1)
		opts.CheckpointInterval = time.Minute
		stop := started(t, job, opts)
		add := func(line string) {
			s := right
			s.change(func() { s.logs["log"].lines = append(s.logs["log"].lines, line) })
			time.Sleep(2 * time.Minute)
		}
		add("a 500")
		add("a 11000")
		add("a 12000")
		add("a 12000")
		add("a 12001")
		add("a 12000")            // the watermark has come to it
		time.Sleep(2 * time.Hour) // idle
		add("a 12500")
		stop()
		if got := out.Records(); !slices.Equal(got, []string{"a 1000+a 11000", "a 2000+a 11000", "a 2000+a 12000", "a 2000+a 12000"}) {
			t.Errorf("got %q", got)
		}
		if got := late.Records(); !slices.Equal(got, []string{"a 12000"}) {
			t.Errorf("late %q", got)
		}
	})
}

// The facts of a temporal join have the version that was valid at their time, whatever the
// disorder and the restarts.
func TestTemporalJoin(t *testing.T) {
	for range 6 {
		synctest.Test(t, func(t *testing.T) {
			rng := seed(t)
			most := time.Duration(rng.IntN(300)) * time.Millisecond
			keys := []int{1, 3, 40}[rng.IntN(3)]
			records := facts(rng, 1500, keys, most, false)
			var out weir.Collector[pair]
			var none weir.Collector[fact]
			fails := failing[fact]([]int64{500, 1600})
			build := func() *weir.Job {
				job := weir.NewJob("temporal")
				in := weir.From(job, "in", ratelimit.Source(weir.Slice(records...), 150), weir.OutOfOrder(most, factAt))
				in = weir.Map(in, fails)
				side := func(left bool) weir.Keyed[int64, fact] {
					return weir.KeyBy(weir.Filter(in, func(f fact) (bool, error) { return f.Left == left, nil }), factKey)
				}
				tag := weir.NewTag[fact]("none")
				joined := weir.TemporalJoin(side(true), side(false), "join", func(f, v fact) (pair, error) {
					return pair{f.N, v.N, int64(f.At)}, nil
				}, weir.Unmatched(tag))
				weir.To(joined, "out", &out)
				weir.To(weir.SideOutput(joined, tag), "none", &none)
				return job
			}
			opts := options(t, 1)
			opts.CheckpointInterval = time.Second
			n := lives(t, rng, opts, build)
			var want []pair
			unmatched := 0
			for _, f := range records {
				if !f.Left {
					continue
				}
				var valid *fact
				for i, v := range records {
					if !v.Left && v.Key == f.Key && v.At <= f.At && (valid == nil || v.At >= valid.At) {
						valid = &records[i]
					}
				}
				if valid == nil {
					unmatched++
					continue
				}
				want = append(want, pair{f.N, valid.N, int64(f.At)})
			}
			t.Logf("%d keys, out of order by %v: %d joined, %d unmatched, %d lives", keys, most, len(want), unmatched, n)
			if got := len(none.Records()); got != unmatched {
				t.Errorf("%d unmatched, want %d", got, unmatched)
			}
			wantPairs(t, out.Records(), want)
			// One version is left for each key, and one more for the time.
			wantState(t, opts, "join", func(entries int) bool { return entries <= keys })
		})
	}
}

// Late facts are not joined. Late versions are valid for facts that are not joined yet.
func TestTemporalJoinLate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &shelf{logs: map[string]*shelfLog{"log": {}}, committed: map[string][]uint64{}}
		var out, late, none weir.Collector[string]
		job := weir.NewJob("late")
		lines := weir.From(job, "all", weir.Source[string](s), weir.Monotonous(timeOf))
		side := func(versions bool) weir.Keyed[string, string] {
			return weir.KeyBy(weir.Filter(lines, func(l string) (bool, error) { return strings.Contains(l, "v") == versions, nil }), func(string) string { return "k" })
		}
		l, v, u := weir.NewTag[string]("l"), weir.NewTag[string]("v"), weir.NewTag[string]("u")
		joined := weir.TemporalJoin(side(false), side(true), "join", func(f, v string) (string, error) { return f + "+" + v, nil }, weir.LateLeft(l), weir.LateRight(v), weir.Unmatched(u))
		weir.To(joined, "out", &out)
		weir.To(weir.Union(weir.SideOutput(joined, l), weir.SideOutput(joined, v)), "late", &late)
		weir.To(weir.SideOutput(joined, u), "none", &none)
		opts := options(t, 1)
		opts.CheckpointInterval = time.Minute
		stop := started(t, job, opts)
		for _, line := range []string{"f 5", "v 10", "f 10", "f 20", "f 19", "v 8", "v 15", "f 21", "v 30", "f 31", "v 16", "f 40"} {
			s.change(func() { s.logs["log"].lines = append(s.logs["log"].lines, line) })
			time.Sleep(2 * time.Minute)
		}
		stop()
		if got := out.Records(); !slices.Equal(got, []string{"f 10+v 10", "f 20+v 15", "f 21+v 15", "f 31+v 30"}) {
			t.Errorf("joined %q", got)
		}
		if got := late.Records(); !slices.Equal(got, []string{"f 19", "v 8", "v 15", "v 16"}) {
			t.Errorf("late %q", got)
		}
		if got := none.Records(); !slices.Equal(got, []string{"f 5"}) {
			t.Errorf("unmatched %q", got)
		}
		// A version, a fact that waits, and its timer.
		wantState(t, opts, "join", func(entries int) bool { return entries == 3 })
	})
}

// What cannot be joined is refused before anything runs.
func TestBadJoins(t *testing.T) {
	join := func(a, b fact) (pair, error) { return pair{}, nil }
	chans := func(in weir.Keyed[int64, fact], s weir.Stream[fact]) weir.Keyed[int64, func()] {
		return weir.KeyBy(weir.Map(s, func(fact) (func(), error) { return nil, nil }), func(func()) int64 { return 0 })
	}
	for want, add := range map[string]func(in weir.Keyed[int64, fact], s weir.Stream[fact]){
		"lower bound above": func(in weir.Keyed[int64, fact], s weir.Stream[fact]) {
			weir.IntervalJoin(in, in, "j", weir.Between(time.Second, 0), join)
		},
		"no whole millisecond": func(in weir.Keyed[int64, fact], s weir.Stream[fact]) {
			weir.IntervalJoin(in, in, "j", weir.Between(0, time.Millisecond).LowerExclusive().UpperExclusive(), join)
		},
		"longer than": func(in weir.Keyed[int64, fact], s weir.Stream[fact]) {
			weir.IntervalJoin(in, in, "j", weir.Between(0, 1<<62), join)
		},
		"interval join j: nil function": func(in weir.Keyed[int64, fact], s weir.Stream[fact]) {
			weir.IntervalJoin[int64, fact, fact, pair](in, in, "j", weir.Between(0, 0), nil)
		},
		"interval join has no name": func(in weir.Keyed[int64, fact], s weir.Stream[fact]) {
			weir.IntervalJoin(in, in, "", weir.Between(0, 0), join)
		},
		"left records are of type": func(in weir.Keyed[int64, fact], s weir.Stream[fact]) {
			weir.IntervalJoin(in, in, "j", weir.Between(0, 0), join, weir.LateLeft(weir.NewTag[string]("t")))
		},
		"there are no unmatched": func(in weir.Keyed[int64, fact], s weir.Stream[fact]) {
			weir.IntervalJoin(in, in, "j", weir.Between(0, 0), join, weir.Unmatched(weir.NewTag[fact]("t")))
		},
		"zero JoinOption": func(in weir.Keyed[int64, fact], s weir.Stream[fact]) {
			weir.TemporalJoin(in, in, "j", join, weir.JoinOption{})
		},
		"temporal join j: nil function": func(in weir.Keyed[int64, fact], s weir.Stream[fact]) {
			weir.TemporalJoin[int64, fact, fact, pair](in, in, "j", nil)
		},
		"func()": func(in weir.Keyed[int64, fact], s weir.Stream[fact]) {
			weir.TemporalJoin(in, chans(in, s), "j", func(fact, func()) (pair, error) { return pair{}, nil })
		},
		"forgotten after -1s": func(in weir.Keyed[int64, fact], s weir.Stream[fact]) {
			weir.DropDuplicates(in, "d", weir.ForgetAfter(-time.Second))
		},
		"keep 7": func(in weir.Keyed[int64, fact], s weir.Stream[fact]) { weir.Deduplicate(in, "d", 7) },
		"joins streams of two jobs": func(in weir.Keyed[int64, fact], s weir.Stream[fact]) {
			other := weir.From(weir.NewJob("other"), "in", weir.Slice[fact](), weir.Monotonous(factAt))
			weir.IntervalJoin(in, weir.KeyBy(other, factKey), "j", weir.Between(0, 0), join)
		},
	} {
		job := weir.NewJob("bad")
		s := weir.From(job, "in", weir.Slice[fact](), weir.Monotonous(factAt))
		add(weir.KeyBy(s, factKey), s)
		if err := job.Check(); err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "join_test.go:") {
			t.Errorf("got %v, want %q", err, want)
		}
	}
	for name, add := range map[string]func(weir.Keyed[int64, fact]){
		"interval join j": func(in weir.Keyed[int64, fact]) { weir.IntervalJoin(in, in, "j", weir.Between(0, 0), join) },
		"temporal join j": func(in weir.Keyed[int64, fact]) { weir.TemporalJoin(in, in, "j", join) },
		"deduplicate j":   func(in weir.Keyed[int64, fact]) { weir.Deduplicate(in, "j", weir.KeepLast) },
	} {
		job := weir.NewJob("no time")
		add(weir.KeyBy(weir.From(job, "in", weir.Slice[fact]()), factKey))
		if err := job.Check(); err == nil || !strings.Contains(err.Error(), name+": the job has no event time") {
			t.Errorf("got %v, want that %s needs event time", err, name)
		}
	}
	synctest.Test(t, func(t *testing.T) {
		job := weir.NewJob("no timestamps")
		timed := weir.KeyBy(weir.From(job, "timed", weir.Slice(fact{At: 1}), weir.Monotonous(factAt)), factKey)
		untimed := weir.KeyBy(weir.From(job, "untimed", weir.Slice(fact{N: 4711})), factKey)
		weir.To(weir.IntervalJoin(timed, untimed, "j", weir.Between(0, 0), join), "out", &weir.Collector[pair]{})
		if err := run.Local(t.Context(), job, options(t, 1)); err == nil || !strings.Contains(err.Error(), "N:4711") || !weir.IsPermanent(err) {
			t.Error(err)
		}
	})
}

// wantState checks how many entries the keyed state of an operator has in the newest
// checkpoint. An entry of a map counts as one.
func wantState(t *testing.T, opts run.Options, operator string, ok func(entries int) bool) {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(opts.CheckpointDir, "*", "chk-*", "_metadata"))
	if err != nil || len(paths) == 0 {
		t.Fatalf("checkpoints %q: %v", paths, err)
	}
	number := func(path string) (n int) {
		fmt.Sscanf(filepath.Base(filepath.Dir(path)), "chk-%d", &n)
		return n
	}
	newest := slices.MaxFunc(paths, func(a, b string) int { return number(a) - number(b) })
	data, err := os.ReadFile(newest)
	if err != nil {
		t.Fatal(err)
	}
	meta, _, err := flink.DecodeMetadata(data)
	if err != nil {
		t.Fatal(err)
	}
	entries := 0
	for _, op := range meta.Operators {
		if op.ID != flink.OperatorIDOf(operator) {
			continue
		}
		for _, sub := range op.Subtasks {
			h, is := sub.ManagedKeyed.(*flink.KeyGroupsHandle)
			if !is {
				continue
			}
			data := h.Data.(*flink.InlineHandle).Data
			r, err := flink.NewKeyedReader(h, bytes.NewReader(data), int64(len(data)))
			if err != nil {
				t.Fatal(err)
			}
			for e, err := range r.Entries() {
				if err != nil {
					t.Fatal(err)
				}
				if m, is := e.Value.(flink.Map); is {
					entries += len(m)
				} else {
					entries++
				}
			}
		}
	}
	if !ok(entries) {
		t.Errorf("%d entries of %s are left in %s", entries, operator, newest)
	}
}

// wantNoState checks that the newest checkpoint has no entry of keyed state of an operator.
func wantNoState(t *testing.T, opts run.Options, operator string) {
	t.Helper()
	wantState(t, opts, operator, func(entries int) bool { return entries == 0 })
}
