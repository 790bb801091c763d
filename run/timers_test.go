package run_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/weirstream/weir"
	"github.com/weirstream/weir/run"
)

// events makes a stream of the lines "key milliseconds" of a shelf, with event time.
func events(job *weir.Job, s *shelf) weir.Keyed[string, string] {
	lines := weir.From(job, "lines", weir.Source[string](s), weir.Monotonous(timeOf))
	return weir.KeyBy(lines, func(line string) string { key, _, _ := strings.Cut(line, " "); return key })
}

func timeOf(line string) weir.Time {
	var key string
	var ms int64
	fmt.Sscan(line, &key, &ms)
	return weir.Time(ms)
}

// started runs a job until the function that it returns is called.
func started(t *testing.T, job *weir.Job, opts run.Options) (stop func()) {
	t.Helper()
	ctx, cancel := contextWithCancel(t)
	done := make(chan error, 1)
	go func() { done <- run.Local(ctx, job, opts) }()
	return func() {
		cancel()
		if err := <-done; !errors.Is(err, run.ErrStopped) {
			t.Fatal(err)
		}
	}
}

// A timer that moves fires once, at the time it was set to last; one that was cleared does
// not. Timers of different names fire in the order of their times, those that are set while
// others fire included. What they emit has their timestamps. None is lost by a restart with
// another parallelism.
func TestEventTimers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &shelf{logs: map[string]*shelfLog{"log": {}}, committed: map[string][]uint64{}}
		var out weir.Collector[string]
		build := func() *weir.Job {
			job := weir.NewJob("timers")
			fired := weir.Process(events(job, s), "timers", func(c *weir.KeyContext[string], out *weir.Out[string]) func(string) error {
				say := func(what string, at weir.Time) {
					out.Emit(fmt.Sprintf("%s %s %d, watermark %d", c.Key(), what, at, c.Watermark()))
				}
				var gap weir.Timer
				gap = c.EventTimer("gap", func(at weir.Time) error {
					if _, ok := gap.Get(); ok || c.Timestamp() != at {
						return errors.New("the timer is still there, or has another timestamp")
					}
					say("gap", at)
					return nil
				})
				var every weir.Timers
				every = c.EventTimers("every", func(at weir.Time) error {
					say("every", at)
					if at%10 != 0 {
						every.Register(at + 1)
					}
					return nil
				})
				return func(line string) error {
					switch {
					case strings.HasSuffix(line, "clear"):
						gap.Clear()
					case strings.HasSuffix(line, "delete"):
						if !every.Delete(108) || every.Delete(108) {
							return errors.New("deleted never, or twice")
						}
					default:
						gap.Set(timeOf(line) + 100)
						every.Register(timeOf(line) + 7)
					}
					return nil
				}
			})
			stamped := weir.Process(weir.KeyBy(fired, func(line string) string { return line[:1] }), "stamped",
				func(c *weir.KeyContext[string], out *weir.Out[string]) func(string) error {
					return func(line string) error {
						if !strings.Contains(line, fmt.Sprintf(" %d,", c.Timestamp())) {
							return fmt.Errorf("%s has timestamp %d", line, c.Timestamp())
						}
						out.Emit(line)
						return nil
					}
				})
			weir.To(stamped, "out", &out)
			return job
		}
		opts := options(t, 1)
		opts.CheckpointInterval = 5 * time.Second
		add := func(lines ...string) {
			s.change(func() { s.logs["log"].lines = append(s.logs["log"].lines, lines...) })
			time.Sleep(10 * time.Second)
		}
		wants := func(want ...string) {
			t.Helper()
			time.Sleep(10 * time.Second) // a checkpoint
			got := out.Records()
			slices.SortStableFunc(got, func(a, b string) int { return strings.Compare(a[:1], b[:1]) }) // each key in its order
			if fmt.Sprint(got) != fmt.Sprint(want) {
				t.Errorf("got\n\t%s\nwant\n\t%s", strings.Join(got, "\n\t"), strings.Join(want, "\n\t"))
			}
		}
		stop := started(t, build(), opts)
		add("a 1", "b 1", "a 41", "b 60", "b 60 clear") // a's gap: 141; b has none
		add("a 101", "a 101 delete")                    // a's gap: 201
		want := []string{
			"a every 8, watermark 59", "a every 9, watermark 59", "a every 10, watermark 59",
			"a every 48, watermark 59", "a every 49, watermark 59", "a every 50, watermark 59",
			"b every 8, watermark 59", "b every 9, watermark 59", "b every 10, watermark 59",
			"b every 67, watermark 100", "b every 68, watermark 100", "b every 69, watermark 100", "b every 70, watermark 100",
		}
		wants(want...)
		stop()
		opts.Parallelism = 3
		stop = started(t, build(), opts)
		add("c 150")
		wants(want...) // 141 has moved to 201
		add("c 202")
		want = append(want, "a gap 201, watermark 201",
			"c every 157, watermark 201", "c every 158, watermark 201", "c every 159, watermark 201", "c every 160, watermark 201")
		slices.SortStableFunc(want, func(a, b string) int { return strings.Compare(a[:1], b[:1]) })
		wants(want...)
		stop()
	})
}

// Timers of processing time fire when the clock has come to them, without any input, and
// after a restart at once if their time has passed meanwhile.
func TestProcessingTimers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &shelf{logs: map[string]*shelfLog{"log": {}}, committed: map[string][]uint64{}}
		var out weir.Collector[string]
		zero := time.Now()
		build := func() *weir.Job {
			job := weir.NewJob("timers")
			fired := weir.Process(events(job, s), "timers", func(c *weir.KeyContext[string], out *weir.Out[string]) func(string) error {
				say := func(what string, at weir.Time) error {
					if c.Timestamp() != weir.MinTime {
						return fmt.Errorf("timestamp %v", c.Timestamp())
					}
					out.Emit(fmt.Sprintf("%s %s %v at %v", c.Key(), what, at.Time().Sub(zero), c.Now().Sub(zero)))
					return nil
				}
				silent := c.ProcessingTimer("silent", func(at weir.Time) error { return say("silent", at) })
				var tick weir.Timers
				tick = c.ProcessingTimers("tick", func(at weir.Time) error {
					tick.Register(at.Add(time.Hour))
					return say("tick", at)
				})
				return func(line string) error {
					now := weir.At(c.Now())
					silent.Set(now.Add(time.Minute))
					if strings.HasSuffix(line, "tick") {
						tick.Register(now.Add(time.Second))
					}
					return nil
				}
			})
			weir.To(fired, "out", &out)
			return job
		}
		opts := options(t, 2)
		opts.CheckpointInterval = 10 * time.Minute
		write := func(line string) {
			s.change(func() { s.logs["log"].lines = append(s.logs["log"].lines, line) })
		}
		stop := started(t, build(), opts)
		write("a 1 tick")
		time.Sleep(30 * time.Second)
		write("a 2")
		time.Sleep(10 * time.Minute)
		stop()
		opts.Parallelism = 1
		time.Sleep(time.Hour)
		stop = started(t, build(), opts)
		time.Sleep(time.Hour)
		stop()
		// When the source looks for records again is its own matter: some part of a second.
		var got []string
		for _, line := range out.Records() {
			var key, what, is, at, was string
			fmt.Sscan(line, &key, &what, &is, &at, &was)
			due, _ := time.ParseDuration(is)
			now, _ := time.ParseDuration(was)
			got = append(got, fmt.Sprintf("%s %s %v at %v", key, what, due.Truncate(2*time.Second), now.Truncate(2*time.Second)))
		}
		want := []string{"a tick 0s at 0s", "a silent 1m30s at 1m30s", "a tick 1h0m0s at 1h10m30s", "a tick 2h0m0s at 2h0m0s"}
		if fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("got %q, want %q, of %q", got, want, out.Records())
		}
	})
}
