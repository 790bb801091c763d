package bench

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"runtime/metrics"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/weirstream/weir"
	"github.com/weirstream/weir/run"
)

// numbers is a source of all numbers from 0 on, in one split, without end.
type numbers struct{}

type numberReader struct{ at int64 }

func (numbers) Splits(context.Context) ([]string, error) { return []string{"0"}, nil }
func (numbers) Bounded() bool                            { return false }
func (numbers) Open(_ context.Context, s weir.Split) (weir.Reader[int64], error) {
	r := new(numberReader)
	if s.Position != nil {
		r.at = int64(binary.BigEndian.Uint64(s.Position))
	}
	return r, nil
}

func (r *numberReader) Read(_ context.Context, v []int64) (int, error) {
	for i := range v {
		v[i] = r.at + int64(i)
	}
	r.at += int64(len(v))
	return len(v), nil
}

func (r *numberReader) Position() []byte { return binary.BigEndian.AppendUint64(nil, uint64(r.at)) }
func (r *numberReader) Close() error     { return nil }

// entries is how many entries a state has that is large: in one map, or in one list.
const entries = 1_000_000

// A load is what a function does with its state, over and over.
type load struct {
	name string
	open func(c *weir.KeyContext[int64]) func(n int64)
}

var loads = []load{
	{"map", func(c *weir.KeyContext[int64]) func(int64) {
		m := weir.NewMap[int64, int64](c, "state")
		return func(n int64) { m.Put(n%entries, n) }
	}},
	{"map-of-slices", func(c *weir.KeyContext[int64]) func(int64) {
		m := weir.NewMap[int64, []int64](c, "state")
		return func(n int64) {
			v, ok := m.Get(n % entries)
			if !ok {
				v = []int64{0}
			}
			v[0] = n
			m.Put(n%entries, v)
		}
	}},
	{"map-of-slices-read", func(c *weir.KeyContext[int64]) func(int64) {
		m := weir.NewMap[int64, []int64](c, "state")
		return func(n int64) {
			if _, ok := m.Get(n % entries); !ok {
				m.Put(n%entries, []int64{n})
			}
		}
	}},
	{"list", func(c *weir.KeyContext[int64]) func(int64) {
		l, left := weir.NewList[int64](c, "state"), int64(entries)
		return func(n int64) {
			if left > 0 || n%64 == 0 { // once it is large it grows slowly
				left--
				l.Add(n)
			}
			l.Len()
		}
	}},
}

// loaded is what a run of a load was like once the state was large.
type loaded struct {
	rate        float64       // records per second
	gap         time.Duration // the longest time between two records
	heap        float64       // the most bytes in the heap
	checkpoints int
}

// runLoad runs a load until its state is large, and then so long with checkpoints, or
// without.
func runLoad(b *testing.B, l load, long, interval time.Duration) loaded {
	var done, gap atomic.Int64
	began := time.Now()
	job := weir.NewJob("load")
	in := weir.From(job, "numbers", weir.Source[int64](numbers{}))
	oneKey := weir.KeyBy(in, func(int64) int64 { return 1 })
	weir.To(weir.Process(oneKey, "load", func(c *weir.KeyContext[int64], _ *weir.Out[int64]) func(int64) error {
		do, last := l.open(c), int64(0)
		return func(n int64) error {
			do(n)
			if n%16 != 0 { // the clock takes as long as a record
				return nil
			}
			now := int64(time.Since(began))
			if now-last > gap.Load() {
				gap.Store(now - last)
			}
			last = now
			done.Store(n)
			return nil
		}
	}), "discard", discard[int64]{})
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	m := &run.Monitor{}
	ended := make(chan error)
	go func() {
		ended <- run.Local(ctx, job, run.Options{
			CheckpointDir: b.TempDir(), CheckpointInterval: interval, Parallelism: 1, NoFinalCheckpoint: true,
			Monitor: m, Log: slog.New(slog.DiscardHandler),
		})
	}()
	for done.Load() < 2*entries {
		time.Sleep(time.Millisecond)
	}
	heap := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
	r := loaded{checkpoints: -m.Status().Completed}
	gap.Store(0)
	from, first := time.Now(), done.Load()
	for time.Since(from) < long {
		time.Sleep(10 * time.Millisecond)
		metrics.Read(heap)
		r.heap = max(r.heap, float64(heap[0].Value.Uint64()))
	}
	r.rate = float64(done.Load()-first) / time.Since(from).Seconds()
	r.gap = time.Duration(gap.Load())
	r.checkpoints += m.Status().Completed
	cancel()
	if err := <-ended; !errors.Is(err, run.ErrStopped) {
		b.Fatal(err)
	}
	return r
}

// BenchmarkLargeState changes, and reads, one large state with a checkpoint every second
// and without one, in turn: the rate of the one to that of the other, the longest gap
// between two records, and the most memory the heap has to what it has without.
func BenchmarkLargeState(b *testing.B) {
	const long = 4 * time.Second
	for _, l := range loads {
		b.Run(fmt.Sprintf("%s=%d", l.name, entries), func(b *testing.B) {
			// Garbage is collected early, so that the heap is what is in use.
			defer debug.SetGCPercent(debug.SetGCPercent(25))
			var rates, ratios, gaps, heaps []float64
			for b.Loop() {
				without := runLoad(b, l, long, time.Hour)
				with := runLoad(b, l, long, time.Second)
				if with.checkpoints < 2 {
					b.Fatalf("%d checkpoints in %v", with.checkpoints, long)
				}
				rates = append(rates, with.rate/1e6)
				ratios = append(ratios, with.rate/without.rate)
				gaps = append(gaps, with.gap.Seconds()*1e3)
				heaps = append(heaps, with.heap/without.heap)
			}
			b.ReportMetric(median(rates), "Mrec/s")
			b.ReportMetric(median(ratios), "ratio")
			b.ReportMetric(slices.Max(gaps), "gap-ms")
			b.ReportMetric(median(heaps), "heap-ratio")
			b.ReportMetric(0, "ns/op")
		})
	}
}
