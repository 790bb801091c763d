package weir

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/weirstream/weir/checkpoint"
	"github.com/weirstream/weir/flink"
	"github.com/weirstream/weir/internal/flow"
	"github.com/weirstream/weir/internal/plan"
)

// The two halves of counting a key, without the exchange between them: where to look
// when the job's benchmark (bench/keyed_count_test.go) has become slower.

const benchGroups = 128

// benchKeys are batches of random keys out of as many as there are.
func benchKeys(distinct int) []*flow.Vec[string] {
	rnd := rand.New(rand.NewPCG(1, 2))
	keys := make([]string, distinct)
	for i := range keys {
		keys[i] = fmt.Sprintf("key-%012d", i)
	}
	batches := make([]*flow.Vec[string], 1<<20/flow.BatchSize)
	for i := range batches {
		batches[i] = &flow.Vec[string]{Values: make([]string, flow.BatchSize)}
		for j := range batches[i].Values {
			batches[i].Values[j] = keys[rnd.IntN(distinct)]
		}
	}
	return batches
}

func benchJob() (*Job, Keyed[string, string]) {
	job := NewJob("bench")
	return job, KeyBy(From(job, "in", Slice[string]()), func(k string) string { return k })
}

// BenchmarkKeySender routes records to two subtasks.
func BenchmarkKeySender(b *testing.B) {
	for _, distinct := range []int{1_000, 1_000_000} {
		b.Run(fmt.Sprintf("keys=%d", distinct), func(b *testing.B) {
			batches := benchKeys(distinct)
			_, keyed := benchJob()
			sender := keyed.edge("op").NewSender(plan.Routing{MaxParallelism: benchGroups, Parallelism: 2,
				Send: func(_ checkpoint.Subtask, batch flow.Batch) error { batch.Release(); return nil }})
			for i := 0; b.Loop(); i++ {
				if err := sender.Push(batches[i%len(batches)]); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*flow.BatchSize), "ns/record")
		})
	}
}

type benchNowhere struct{}

func (benchNowhere) Push(flow.Batch) error { return nil }
func (benchNowhere) Mark(flow.Mark) error  { return nil }

// benchCount opens an operator that counts keys.
func benchCount(t testing.TB, job *Job, byKey Keyed[string, string]) flow.Operator {
	Process(byKey, "count", func(c *KeyContext[string], out *Out[KeyValue[string, int64]]) func(string) error {
		n := NewValue[int64](c, "n")
		return func(k string) error {
			total, _ := n.Get()
			n.Set(total + 1)
			out.Emit(KeyValue[string, int64]{k, total + 1})
			return nil
		}
	})
	nodes := job.plan.Nodes
	op, err := nodes[len(nodes)-1].New(&flow.Context{Ctx: context.Background(), Parallelism: 1, MaxParallelism: benchGroups}, benchNowhere{})
	if err != nil {
		t.Fatal(err)
	}
	return op
}

// From the sender to what is emitted, nothing is allocated for a record. (A pool may lose
// some of the batches.)
func TestRecordsAreNotAllocatedFor(t *testing.T) {
	job, byKey := benchJob()
	op := benchCount(t, job, byKey)
	sender := byKey.edge("op").NewSender(plan.Routing{MaxParallelism: benchGroups, Parallelism: 1, Send: func(_ checkpoint.Subtask, batch flow.Batch) error {
		err := op.Push(0, batch)
		batch.Release()
		return err
	}})
	batch := benchKeys(1_000)[0]
	if n := testing.AllocsPerRun(100, func() {
		if err := sender.Push(batch); err != nil {
			t.Fatal(err)
		}
	}); n > flow.BatchSize/16 {
		t.Errorf("%v allocations for %d records", n, flow.BatchSize)
	}
}

// BenchmarkProcess counts in one subtask that owns all key groups.
func BenchmarkProcess(b *testing.B) {
	for _, distinct := range []int{1_000, 1_000_000} {
		b.Run(fmt.Sprintf("keys=%d", distinct), func(b *testing.B) {
			var batches []*flow.KeyedVec[string, string]
			for _, v := range benchKeys(distinct) {
				in := &flow.KeyedVec[string, string]{N: len(v.Values), Keys: [flow.BatchSize]string(v.Values), Values: [flow.BatchSize]string(v.Values)}
				for i, k := range v.Values {
					in.Codes[i] = flink.JavaStringHash(k)
					in.Groups[i] = flink.KeyGroupOf(in.Codes[i], benchGroups)
				}
				batches = append(batches, in)
			}
			job, byKey := benchJob()
			op := benchCount(b, job, byKey)
			push := func(i int) {
				if err := op.Push(0, batches[i%len(batches)]); err != nil {
					b.Fatal(err)
				}
			}
			for i := range batches { // most keys are there when it begins
				push(i)
			}
			for i := 0; b.Loop(); i++ {
				push(i)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*flow.BatchSize), "ns/record")
		})
	}
}
