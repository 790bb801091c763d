package run_test

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/weirstream/weir"
)

// A state lives so long after it was last written, by the clock or by timestamps. By
// timestamps it expires for the same records whenever they are processed.
func TestTimeToLive(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &shelf{logs: map[string]*shelfLog{"log": {}}, committed: map[string][]uint64{}}
		var out weir.Collector[string]
		build := func() *weir.Job {
			job := weir.NewJob("ttl")
			weir.To(weir.Process(events(job, s), "seen", func(c *weir.KeyContext[string], out *weir.Out[string]) func(string) error {
				const life = 10 * time.Second
				clock := weir.NewValue[int](c, "clock", weir.WithTTL(weir.TTL{For: life}))
				stamps := weir.NewValue[int](c, "stamps", weir.WithTTL(weir.TTL{For: life, Event: true}))
				list := weir.NewList[string](c, "list", weir.WithTTL(weir.TTL{For: life, Event: true, OnRead: true}))
				return func(line string) error {
					a, _ := clock.Get()
					b, _ := stamps.Get()
					clock.Set(a + 1)
					stamps.Set(b + 1)
					list.Add(line)
					out.Emit(fmt.Sprintf("%s: %d by the clock, %d by timestamps, %d in the list", line, a, b, list.Len()))
					return nil
				}
			}), "out", &out)
			return job
		}
		opts := options(t, 2)
		opts.CheckpointInterval = 5 * time.Second
		stop := started(t, build(), opts)
		write := func(line string) {
			s.change(func() { s.logs["log"].lines = append(s.logs["log"].lines, line) })
			time.Sleep(2 * time.Second)
		}
		write("a 0")
		write("a 9999") // both alive
		time.Sleep(11 * time.Second)
		write("a 19998") // by the clock it is too old
		stop()
		stop = started(t, build(), opts)
		write("a 29998") // by timestamps it is too old, to the millisecond
		write("a 29000") // a record that is late does not make time go back
		write("b 40000")
		write("a 30000") // the watermark counts for a late record: 39999
		stop()
		want := []string{
			"a 0: 0 by the clock, 0 by timestamps, 1 in the list",
			"a 9999: 1 by the clock, 1 by timestamps, 2 in the list",
			"a 19998: 0 by the clock, 2 by timestamps, 2 in the list",
			"a 29998: 1 by the clock, 0 by timestamps, 1 in the list",
			"a 29000: 2 by the clock, 1 by timestamps, 2 in the list",
			"b 40000: 0 by the clock, 0 by timestamps, 1 in the list",
			"a 30000: 3 by the clock, 0 by timestamps, 1 in the list",
		}
		if got := out.Records(); fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("got %q", got)
		}
	})
}
