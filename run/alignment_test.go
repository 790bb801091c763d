package run_test

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/weirstream/weir"
	"github.com/weirstream/weir/run"
)

// The splits of two sources of one group are read at one pace: none gets more ahead of the
// slowest than it may, and a batch. When the slow one is idle or has ended, the others go on.
// A stop is heard while a split waits.
func TestAlignment(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const most = 5 * time.Second
		build := func(out weir.Sink[string], s *shelf, withSlow bool) *weir.Job {
			job := weir.NewJob("aligned")
			at := func(line string) weir.Time {
				var n int64
				fmt.Sscan(line, &n)
				return weir.Time(n) * 1000
			}
			w := weir.Monotonous(at).WithAlignment("group", most).WithIdleness(time.Minute)
			fast := weir.From(job, "fast", weir.Source[string](s), w)
			if withSlow {
				slow := weir.From(job, "slow", weir.Slice[string]("3", "2000"), w)
				fast = weir.Union(fast, slow)
			}
			weir.To(fast, "out", out)
			return job
		}
		lines := func(from, to int) (l []string) {
			for n := from; n < to; n++ {
				l = append(l, fmt.Sprint(n))
			}
			return l
		}
		// One split has 5,000 records, the other has few and then some more.
		s := &shelf{logs: map[string]*shelfLog{"full": {lines: lines(0, 5000)}, "poor": {lines: lines(0, 1)}}, committed: map[string][]uint64{}}
		var out weir.Collector[string]
		opts := options(t, 2)
		opts.CheckpointInterval = time.Second
		stop := started(t, build(&out, s, false), opts)
		wants := func(when string, least, most int) {
			t.Helper()
			if n := len(out.Records()); n < least || n > most {
				t.Errorf("%s: %d records, want %d to %d", when, n, least, most)
			}
		}
		time.Sleep(20 * time.Second)
		wants("the other split is at 0", 513, 513) // the first batch, and one record
		s.change(func() { s.logs["poor"].lines = lines(0, 600) })
		time.Sleep(20 * time.Second)
		wants("at 599", 600+1024, 600+1024)
		stop()
		stop = started(t, build(&out, s, false), opts)
		time.Sleep(20 * time.Second)
		wants("after a restart", 600+1024, 600+1024+512)
		time.Sleep(2 * time.Minute)
		wants("idle", 5600, 5600)
		stop()
	})
}

// Sources of different kinds are aligned, too: one that ends is not waited for.
func TestAlignmentOfSources(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		at := func(n int64) weir.Time { return weir.Time(n) * 1000 }
		w := weir.Monotonous(at).WithAlignment("group", time.Minute)
		var out weir.Collector[int64]
		job := weir.NewJob("two sources")
		short := weir.From(job, "short", weir.Slice(numbers(700)...), w)
		long := weir.From(job, "long", weir.Slice(numbers(5000)...), w)
		weir.To(weir.Union(short, long), "out", &out)
		if err := run.Local(t.Context(), job, options(t, 1)); err != nil {
			t.Fatal(err)
		}
		if n := len(out.Records()); n != 5700 {
			t.Errorf("%d records", n)
		}
	})
	job := weir.NewJob("never")
	weir.From(job, "in", weir.Slice[int64](1), weir.NoWatermarks(func(int64) weir.Time { return 0 }).WithAlignment("group", time.Second))
	if err := job.Check(); err == nil {
		t.Error("a source without watermarks is aligned")
	}
}
