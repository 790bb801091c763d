package weir

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/weirstream/weir/flink"
	"github.com/weirstream/weir/internal/flow"
	"github.com/weirstream/weir/window"
)

// windowFeed pushes batches of records that come in order, so many of each key in a second of
// event time, into an operator that counts them in windows.
type windowFeed struct {
	op      flow.Operator
	batches []*flow.KeyedVec[string, string]
	step    Time // between two batches
	at      Time
	n       int
}

func newWindowFeed(t testing.TB, w window.Assigner, keys, perSecond int) *windowFeed {
	job := NewJob("bench")
	byKey := KeyBy(From(job, "in", Slice[string](), NoWatermarks(func(string) Time { return 0 })), func(k string) string { return k })
	AggregateWindow(Window(byKey, w), "count", Count[string]())
	op, err := job.last().New(&flow.Context{Ctx: context.Background(), Parallelism: 1, MaxParallelism: benchGroups, EventTime: true}, benchNowhere{})
	if err != nil {
		t.Fatal(err)
	}
	f := &windowFeed{op: op, step: max(1, Time(1000*flow.BatchSize/(keys*perSecond)))}
	for _, v := range benchKeys(keys)[:64] {
		in := &flow.KeyedVec[string, string]{N: len(v.Values), Keys: [flow.BatchSize]string(v.Values), Values: [flow.BatchSize]string(v.Values), Times: make([]Time, flow.BatchSize)}
		for i, k := range v.Values {
			in.Codes[i] = flink.JavaStringHash(k)
			in.Groups[i] = flink.KeyGroupOf(in.Codes[i], benchGroups)
		}
		f.batches = append(f.batches, in)
	}
	return f
}

// push pushes a batch, and a watermark after it.
func (f *windowFeed) push(t testing.TB) {
	b := f.batches[f.n%len(f.batches)]
	f.n++
	for i := range b.Times {
		b.Times[i] = f.at + f.step*Time(i)/flow.BatchSize
	}
	f.at += f.step
	if err := f.op.Push(0, b); err != nil {
		t.Fatal(err)
	}
	if err := f.op.Mark(flow.Mark{Time: f.at - 1}); err != nil {
		t.Fatal(err)
	}
}

// Nothing is allocated for a record. (Queues of timers that have become empty allocate anew.)
func TestWindowsDoNotAllocate(t *testing.T) {
	for name, w := range map[string]window.Assigner{"tumbling": window.Tumbling(time.Second), "sliding": window.Sliding(time.Second, 50*time.Millisecond)} {
		f := newWindowFeed(t, w, 100, 1000)
		for range 1000 {
			f.push(t)
		}
		if n := testing.AllocsPerRun(500, func() { f.push(t) }); n > flow.BatchSize/16 {
			t.Errorf("%s: %v allocations for %d records", name, n, flow.BatchSize)
		}
	}
}

// BenchmarkWindowOps compares windows that slide by a sixtieth of their size with tumbling ones,
// without the exchange: a thousand keys, with so many records of each in a slide.
func BenchmarkWindowOps(b *testing.B) {
	for _, perSlide := range []int{100, 10} {
		b.Run(fmt.Sprintf("records-per-slide=%d", perSlide), func(b *testing.B) {
			tumbling := newWindowFeed(b, window.Tumbling(time.Minute), 1000, perSlide)
			sliding := newWindowFeed(b, window.Sliding(time.Minute, time.Second), 1000, perSlide)
			timed := func(f *windowFeed) (d time.Duration) {
				began := time.Now()
				for range 1000 {
					f.push(b)
				}
				return time.Since(began)
			}
			timed(tumbling)
			timed(sliding)
			var t, s time.Duration
			b.ReportAllocs()
			for b.Loop() {
				t += timed(tumbling)
				s += timed(sliding)
			}
			records := float64(b.N) * 1000 * flow.BatchSize
			b.ReportMetric(float64(t.Nanoseconds())/records, "tumbling-ns")
			b.ReportMetric(float64(s.Nanoseconds())/records, "sliding-ns")
			b.ReportMetric(float64(s)/float64(t), "ratio")
			b.ReportMetric(0, "ns/op")
		})
	}
}
