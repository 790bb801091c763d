package bench

import (
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/weirstream/weir/checkpoint"
	"github.com/weirstream/weir/flink"
	"github.com/weirstream/weir/internal/codec"
	"github.com/weirstream/weir/internal/keyed"
)

// A wheel is the timers of one subtask.
type wheel struct {
	*keyed.Backend[int64]
	timers *keyed.Timers[int64, keyed.Void]
	groups checkpoint.KeyGroupRange
}

func newWheel(b *testing.B, subtask checkpoint.Subtask) *wheel {
	c, err := codec.Of[int64]()
	if err != nil {
		b.Fatal(err)
	}
	w := &wheel{groups: flink.KeyGroupRangeOf(subtask, maxParallelism, parallelism)}
	w.Backend = keyed.NewBackend(w.groups, c, flink.JavaLongHash)
	if w.timers, err = keyed.NewTimers(w.Backend, keyed.EventTime, "bench"); err != nil {
		b.Fatal(err)
	}
	return w
}

// register registers a timer for each of the keys 0 to n-1 that the subtask has, at times
// in no order.
func (w *wheel) register(n int64) {
	for key := range n {
		if g := flink.KeyGroupOf(flink.JavaLongHash(key), maxParallelism); w.groups.Contains(g) {
			w.Set(key, g)
			w.timers.Register(int64(uint64(key) * 0x9e3779b97f4a7c15 >> 40))
		}
	}
}

// BenchmarkTimers registers 10 million timers in two subtasks, takes a snapshot, and has
// them all fire, in two goroutines.
func BenchmarkTimers(b *testing.B) {
	const n = 10_000_000
	var perTimer, registered, fired, pause []float64
	for b.Loop() {
		before := liveHeap()
		wheels := []*wheel{newWheel(b, 0), newWheel(b, 1)}
		each := func(do func(*wheel)) float64 {
			began := time.Now()
			var all sync.WaitGroup
			for _, w := range wheels {
				all.Go(func() { do(w) })
			}
			all.Wait()
			return n / time.Since(began).Seconds() / 1e6
		}
		registered = append(registered, each(func(w *wheel) { w.register(n) }))
		perTimer = append(perTimer, float64(liveHeap()-before)/n)
		began := time.Now()
		s := wheels[0].Snapshot()
		pause = append(pause, float64(time.Since(began).Nanoseconds())/1e3)
		s.Release()
		fired = append(fired, each(func(w *wheel) {
			for at := int64(0); ; at += 1 << 14 {
				for {
					if _, ok := w.timers.PopDue(at); !ok {
						break
					}
				}
				if w.Entries() == 0 {
					return
				}
			}
		}))
		runtime.KeepAlive(wheels)
	}
	b.ReportMetric(median(perTimer), "B/timer")
	b.ReportMetric(median(registered), "Mregistered/s")
	b.ReportMetric(median(fired), "Mfired/s")
	b.ReportMetric(median(pause), "snapshot-µs")
	b.ReportMetric(0, "ns/op")
}

// liveHeap is the bytes of the heap that are in use.
func liveHeap() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}
