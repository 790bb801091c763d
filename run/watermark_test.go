package run_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/weirstream/weir"
	"github.com/weirstream/weir/run"
)

// timed is a record, with the timestamp and the watermark that the operator saw.
type timed struct {
	Key       int64
	At        weir.Time
	Timestamp weir.Time
	Watermark weir.Time
}

// watching adds an operator that emits each record with its timestamp and the watermark.
func watching(in weir.Stream[timed], name string) weir.Stream[timed] {
	return weir.Process(weir.KeyBy(in, func(r timed) int64 { return r.Key }), name, func(c *weir.KeyContext[int64], out *weir.Out[timed]) func(timed) error {
		return func(r timed) error {
			r.Timestamp, r.Watermark = c.Timestamp(), c.Watermark()
			out.Emit(r)
			return nil
		}
	})
}

func at(r timed) weir.Time { return r.At }

// disordered returns n records, a second of event time apart, shuffled so that each is at most
// the given number of places out of order.
func disordered(n, places int) []timed {
	rng := rand.New(rand.NewPCG(7, 7))
	records := make([]timed, n)
	for i := range records {
		records[i] = timed{Key: int64(i % 7), At: weir.Time(i) * 1000}
	}
	for i := 0; i < n; i += places {
		block := records[i:min(i+places, n)]
		rng.Shuffle(len(block), func(a, b int) { block[a], block[b] = block[b], block[a] })
	}
	return records
}

// Records keep their timestamps through every operator, also across exchanges and a second
// keyed operator. None comes after a watermark at or above its timestamp.
func TestTimestampsAndWatermarks(t *testing.T) {
	for _, parallelism := range []int{1, 3} {
		synctest.Test(t, func(t *testing.T) {
			const places = 50
			var out weir.Collector[timed]
			job := weir.NewJob("time")
			in := weir.From(job, "in", weir.Slice(disordered(5000, places)...), weir.OutOfOrder(places*time.Second, at))
			all := weir.Map(weir.Filter(in, func(r timed) (bool, error) { return r.At%3000 != 0, nil }), func(r timed) (timed, error) { return r, nil })
			once := watching(all, "once")
			twice := watching(weir.FlatMapTo(weir.Rebalance(once), func(r timed, out *weir.Out[timed]) error { out.Emit(r); return nil }), "twice")
			weir.To(twice, "out", &out)
			if err := run.Local(t.Context(), job, options(t, parallelism)); err != nil {
				t.Fatal(err)
			}
			moved := 0
			for _, r := range out.Records() {
				if r.Timestamp != r.At {
					t.Fatalf("%+v has another timestamp", r)
				}
				if r.Watermark >= r.At {
					t.Fatalf("%+v came after a watermark at or above its timestamp", r)
				}
				if r.Watermark > weir.MinTime {
					moved++
				}
			}
			// With several subtasks it depends on how they take turns when time moves.
			if len(out.Records()) != 3333 || parallelism == 1 && moved < 2000 {
				t.Errorf("%d records, %d of them after a watermark", len(out.Records()), moved)
			}
		})
	}
}

// A record that is late stays late after a restart: the watermark of a split is kept with its
// position.
func TestLateStaysLate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		records := disordered(600, 1)
		var out weir.Collector[timed]
		opts := options(t, 1)
		build := func() *weir.Job {
			job := weir.NewJob("late")
			weir.To(watching(weir.From(job, "in", weir.Slice(records...), weir.Monotonous(at)), "w"), "out", &out)
			return job
		}
		if err := run.Local(t.Context(), build(), opts); err != nil {
			t.Fatal(err)
		}
		records = append(records, timed{Key: 1, At: 1000}, timed{Key: 1, At: 700_000})
		if err := run.Local(t.Context(), build(), opts); err != nil {
			t.Fatal(err)
		}
		got := out.Records()[600:]
		if len(got) != 2 || got[0].Watermark != weir.MinTime && got[0].Watermark < 599_000-1 {
			t.Fatalf("got %+v", got)
		}
		if got[0].At != 1000 || got[0].Watermark != 598_999 {
			t.Errorf("%+v: the watermark was at 598999 before the restart", got[0])
		}
	})
}

// A split without records holds event time back until it is idle, and no longer.
func TestIdleSplits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &shelf{logs: map[string]*shelfLog{"busy": {}, "silent": {}}, committed: map[string][]uint64{}}
		var out weir.Collector[timed]
		job := weir.NewJob("idle")
		n := weir.Map(weir.From(job, "logs", weir.Source[string](s), weir.Monotonous(func(line string) weir.Time {
			var n int64
			fmt.Sscan(line, &n)
			return weir.Time(n)
		}).WithIdleness(time.Minute)), func(string) (timed, error) { return timed{}, nil })
		weir.To(watching(n, "w"), "out", &out)
		ctx, cancel := contextWithCancel(t)
		opts := options(t, 2)
		opts.CheckpointInterval = time.Minute
		done := make(chan error, 1)
		go func() { done <- run.Local(ctx, job, opts) }()
		write := func(n int) { s.change(func() { s.logs["busy"].lines = append(s.logs["busy"].lines, fmt.Sprint(n)) }) }
		write(1000)
		time.Sleep(10 * time.Second)
		write(2000)
		time.Sleep(2 * time.Minute)
		write(3000)
		time.Sleep(10 * time.Second)
		write(4000)
		time.Sleep(10 * time.Second)
		s.change(func() { s.logs["silent"].lines = []string{"3500"} }) // it has a record again
		time.Sleep(10 * time.Second)
		write(9000)
		time.Sleep(10 * time.Second)
		write(9001)
		time.Sleep(10 * time.Second)
		cancel()
		<-done
		var got []weir.Time
		for _, r := range out.Records() {
			got = append(got, r.Watermark)
		}
		// The split that was idle is behind the watermark when it comes back, so event time
		// does not wait for it.
		want := []weir.Time{weir.MinTime, weir.MinTime, 1999, 2999, 3999, 3999, 8999}
		if fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("watermarks %v, want %v", got, want)
		}
	})
}

// AssignWatermarks replaces timestamps and watermarks. The mark at the end of the input passes
// through.
func TestAssignWatermarks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out weir.Collector[timed]
		job := weir.NewJob("assign")
		in := weir.From(job, "in", weir.Slice(disordered(2000, 1)...), weir.NoWatermarks(func(timed) weir.Time { return 5 }))
		first := watching(in, "first")
		weir.To(watching(weir.AssignWatermarks(first, weir.Monotonous(at)), "second"), "out", &out)
		if err := run.Local(t.Context(), job, options(t, 1)); err != nil {
			t.Fatal(err)
		}
		moved := false
		for _, r := range out.Records() {
			if r.Timestamp != r.At || r.Watermark >= r.At {
				t.Fatalf("%+v", r)
			}
			moved = moved || r.Watermark > weir.MinTime
		}
		if !moved || len(out.Records()) != 2000 {
			t.Errorf("%d records, the watermark has moved: %t", len(out.Records()), moved)
		}
	})
}

// Mistakes in watermarks are found before anything runs. The error of a timestamp that is out
// of range has the record.
func TestBadWatermarks(t *testing.T) {
	for want, w := range map[string]weir.Watermarks[timed]{
		"-1s out of order":            weir.OutOfOrder(-time.Second, at),
		"idle after 0s":               weir.Monotonous(at).WithIdleness(0),
		"alignment group has no name": weir.Monotonous(at).WithAlignment("", time.Second),
		"nil function that makes":     weir.WatermarksBy[timed](at, nil),
	} {
		job := weir.NewJob("bad")
		weir.To(weir.From(job, "in", weir.Slice[timed](), w), "out", &weir.Collector[timed]{})
		if err := job.Check(); err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "watermark_test.go:") {
			t.Errorf("got %v, want %q", err, want)
		}
	}
	synctest.Test(t, func(t *testing.T) {
		job := weir.NewJob("end of time")
		weir.To(weir.From(job, "in", weir.Slice(timed{Key: 4711}), weir.Monotonous(func(timed) weir.Time { return weir.MaxTime })), "out", &weir.Collector[timed]{})
		if err := run.Local(t.Context(), job, options(t, 1)); err == nil || !strings.Contains(err.Error(), "Key:4711") || !weir.IsPermanent(err) {
			t.Error(err)
		}
	})
}
