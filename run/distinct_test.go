package run_test

import (
	"cmp"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/weirstream/weir"
	"github.com/weirstream/weir/connector/ratelimit"
)

// Of each key one record is kept, whatever the disorder and the restarts: the one that came
// first, the earliest or, at the end, the latest.
func TestDistinct(t *testing.T) {
	for range 3 {
		synctest.Test(t, func(t *testing.T) {
			rng := seed(t)
			most := time.Duration(rng.IntN(500)) * time.Millisecond
			records := facts(rng, 1000, 60, most, true)
			var arrived, earliest, updates weir.Collector[fact]
			fails := failing[fact]([]int64{300, 1100})
			build := func() *weir.Job {
				job := weir.NewJob("distinct")
				in := weir.From(job, "in", ratelimit.Source(weir.Slice(records...), 150), weir.OutOfOrder(most, factAt))
				byKey := weir.KeyBy(weir.Map(in, fails), factKey)
				weir.To(weir.DropDuplicates(byKey, "distinct"), "arrived", &arrived)
				weir.To(weir.Deduplicate(byKey, "first", weir.KeepFirst), "earliest", &earliest)
				weir.To(weir.Deduplicate(byKey, "last", weir.KeepLast), "updates", &updates)
				return job
			}
			opts := options(t, 1)
			opts.CheckpointInterval = time.Second
			lives(t, rng, opts, build)
			first, last := map[int64]fact{}, map[int64]fact{}
			for _, r := range records {
				if _, ok := first[r.Key]; !ok {
					first[r.Key] = r
				}
				if old, ok := last[r.Key]; !ok || r.At >= old.At {
					last[r.Key] = r
				}
			}
			if got := arrived.Records(); len(got) != len(first) {
				t.Errorf("%d distinct records, want %d", len(got), len(first))
			}
			for _, r := range arrived.Records() {
				if first[r.Key] != r {
					t.Errorf("%+v is not the first, but %+v", r, first[r.Key])
				}
			}
			// A record that was emitted is the earliest of those that were not late: no other one
			// that was there when the watermark came to it was earlier.
			if got := earliest.Records(); len(got) != len(first) {
				t.Errorf("%d first records, want %d", len(got), len(first))
			}
			for _, e := range earliest.Records() {
				for _, r := range records {
					if r == e {
						break
					}
					if r.Key == e.Key && (r.At < e.At) {
						t.Errorf("%+v was emitted, and %+v came before and is earlier", e, r)
					}
				}
			}
			now := map[int64]fact{}
			for _, r := range updates.Records() {
				if now[r.Key].At > r.At {
					t.Errorf("%+v after %+v", r, now[r.Key])
				}
				now[r.Key] = r
			}
			if fmt.Sprint(sortedFacts(now)) != fmt.Sprint(sortedFacts(last)) {
				t.Errorf("last are %v, want %v", sortedFacts(now), sortedFacts(last))
			}
		})
	}
}

func sortedFacts(m map[int64]fact) (all []fact) {
	for _, f := range m {
		all = append(all, f)
	}
	slices.SortFunc(all, func(a, b fact) int { return cmp.Compare(a.Key, b.Key) })
	return all
}

// A key is forgotten when its time has passed, and not before; by the clock in a job without
// event time.
func TestForgetAfter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &shelf{logs: map[string]*shelfLog{"log": {}}, committed: map[string][]uint64{}}
		var distinct, first, last weir.Collector[string]
		job := weir.NewJob("forget")
		in := events(job, s)
		forget := weir.ForgetAfter(100 * time.Millisecond)
		weir.To(weir.DropDuplicates(in, "distinct", forget), "1", &distinct)
		weir.To(weir.Deduplicate(in, "first", weir.KeepFirst, forget), "2", &first)
		weir.To(weir.Deduplicate(in, "last", weir.KeepLast, forget), "3", &last)
		opts := options(t, 1)
		opts.CheckpointInterval = time.Minute
		stop := started(t, job, opts)
		for _, line := range []string{"a 10", "a 5", "a 50", "b 110", "a 110", "a 111", "b 111", "a 112", "b 400", "a 300"} {
			s.change(func() { s.logs["log"].lines = append(s.logs["log"].lines, line) })
			time.Sleep(2 * time.Minute)
		}
		stop()
		for what, c := range map[string][2][]string{
			"distinct": {distinct.Records(), {"a 10", "b 110", "a 112", "a 300"}},
			"first":    {first.Records(), {"a 5", "b 110", "a 110"}},
			"last":     {last.Records(), {"a 10", "a 50", "b 110", "a 110", "a 111", "b 111", "a 112", "b 400", "a 300"}},
		} {
			if !slices.Equal(c[0], c[1]) {
				t.Errorf("%s: got %q, want %q", what, c[0], c[1])
			}
		}
	})
	synctest.Test(t, func(t *testing.T) {
		s := &shelf{logs: map[string]*shelfLog{"log": {}}, committed: map[string][]uint64{}}
		var out weir.Collector[string]
		job := weir.NewJob("clock")
		in := weir.KeyBy(weir.From(job, "in", weir.Source[string](s)), func(string) string { return "k" })
		weir.To(weir.DropDuplicates(in, "distinct", weir.ForgetAfter(time.Hour)), "out", &out)
		opts := options(t, 1)
		opts.CheckpointInterval = time.Minute
		stop := started(t, job, opts)
		for _, line := range []string{"a", "b", "c", "d"} {
			s.change(func() { s.logs["log"].lines = append(s.logs["log"].lines, line) })
			time.Sleep(40 * time.Minute)
		}
		stop()
		if got := out.Records(); !slices.Equal(got, []string{"a", "c"}) {
			t.Errorf("got %q", got)
		}
	})
}
