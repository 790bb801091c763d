package weir

import (
	"context"
	"fmt"
	"testing"

	"github.com/weirstream/weir/flink"
	"github.com/weirstream/weir/internal/flow"
)

// BenchmarkIntervalJoin joins one key with itself: each record has ten partners, and as many
// as the size are in each buffer.
func BenchmarkIntervalJoin(b *testing.B) {
	for _, size := range []int{20, 1_000, 100_000} {
		b.Run(fmt.Sprintf("buffer=%d", size), func(b *testing.B) {
			job := NewJob("bench")
			in := KeyBy(From(job, "in", Slice[int64](), NoWatermarks(func(int64) Time { return 0 })), func(int64) int64 { return 1 })
			// The partners are the last ten; the buffers are as large as the watermark is behind.
			IntervalJoin(in, in, "join", Between(-ms, ms*9), func(a, b int64) (int64, error) { return a + b, nil })
			nodes := job.plan.Nodes
			op, err := nodes[len(nodes)-1].New(&flow.Context{Ctx: context.Background(), Parallelism: 1, MaxParallelism: benchGroups, EventTime: true}, benchNowhere{})
			if err != nil {
				b.Fatal(err)
			}
			batch := &flow.KeyedVec[int64, int64]{N: flow.BatchSize}
			for i := range batch.Keys {
				batch.Keys[i], batch.Codes[i] = 1, 1
				batch.Groups[i] = flink.KeyGroupOf(batch.Codes[i], benchGroups)
			}
			now := Time(0)
			push := func() {
				batch.Times = batch.Times[:0]
				for range batch.N {
					now++
					batch.Times = append(batch.Times, now)
				}
				for input := range 2 {
					if err := op.Push(input, batch); err != nil {
						b.Fatal(err)
					}
				}
				if err := op.Mark(flow.Mark{Time: now - Time(size)}); err != nil {
					b.Fatal(err)
				}
			}
			for range 2*size/flow.BatchSize + 1 {
				push()
			}
			b.ReportAllocs()
			for b.Loop() {
				push()
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*2*flow.BatchSize), "ns/record")
		})
	}
}

const ms = 1_000_000
