package flinktest_test

import (
	"context"
	"encoding/binary"
	"fmt"
	"log/slog"
	"path/filepath"
	"strings"
	"testing"

	"github.com/weirstream/weir"
	"github.com/weirstream/weir/checkpoint"
	"github.com/weirstream/weir/flink"
	"github.com/weirstream/weir/flink/flinktest"
	"github.com/weirstream/weir/internal/flow"
	"github.com/weirstream/weir/run"
)

// nowhere is a sink that keeps nothing, so that its prepared output is known: it has none.
type nowhere struct{}

func (nowhere) Open(context.Context, weir.SinkContext) (weir.Writer[int64], error) {
	return nowhere{}, nil
}
func (nowhere) Commit(context.Context, [][]byte) error                 { return nil }
func (nowhere) Abort(context.Context, weir.SinkID) error               { return nil }
func (nowhere) Write(context.Context, []int64) error                   { return nil }
func (nowhere) Prepare(context.Context, checkpoint.ID) ([]byte, error) { return nil, nil }
func (nowhere) Close() error                                           { return nil }

// keyOf spreads numbers over keys that are difficult to encode.
func keyOf(n int64) string {
	return []string{"", "a", "😀", "日本", "\x00", strings.Repeat("long ", 50), fmt.Sprint("key ", n)}[n%7]
}

const last = 500

// TestFlinkReadsACheckpointOfTheEngine runs a job to its end and makes Flink restore its
// final checkpoint, with its seal.
func TestFlinkReadsACheckpointOfTheEngine(t *testing.T) {
	for _, release := range flinktest.Releases {
		t.Run(string(release), func(t *testing.T) {
			f := flinktest.Start(t, release)
			for _, maxParallelism := range []int{128, 129} {
				for _, inline := range []int{-1, 1 << 20} {
					t.Run(fmt.Sprintf("max parallelism %d, inline up to %d", maxParallelism, inline), func(t *testing.T) {
						dir := runEngine(t, maxParallelism, inline)
						plan, entries := expected(maxParallelism)
						f.Expect(t, dir, plan, entries, 1, 2, 3)
					})
				}
			}
		})
	}
}

// runEngine runs the job at parallelism 2 and returns the directory of its checkpoint.
func runEngine(t *testing.T, maxParallelism, inline int) string {
	var numbers []int64
	for n := range int64(last) {
		numbers = append(numbers, n)
	}
	job := weir.NewJob("for flink")
	byKey := weir.KeyBy(weir.From(job, "numbers", weir.Slice(numbers...)), keyOf)
	weir.To(weir.Process(byKey, "states", func(c *weir.KeyContext[string], out *weir.Out[int64]) func(int64) error {
		value := weir.NewValue[bool](c, "value")
		list := weir.NewList[string](c, "list")
		table := weir.NewMap[int64, float64](c, "map")
		sum := weir.NewReducing(c, "reducing", func(a, b int64) (int64, error) { return a + b, nil })
		bytes := weir.NewAggregating(c, "aggregating", weir.Aggregator[int64, []byte, int]{
			Add:    func(acc []byte, n int64) ([]byte, error) { return append(acc[:len(acc):len(acc)], byte(n)), nil },
			Result: func(acc []byte) (int, error) { return len(acc), nil },
		})
		return func(n int64) error {
			value.Set(n%2 == 0)
			list.Add(fmt.Sprint(n))
			table.Put(n%3, float64(n)/2)
			if err := sum.Add(n); err != nil {
				return err
			}
			return bytes.Add(n)
		}
	}), "out", nowhere{})
	base := t.TempDir()
	err := run.Local(t.Context(), job, run.Options{
		CheckpointDir: base, Parallelism: 2, MaxParallelism: maxParallelism, InlineThreshold: inline, Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	dirs, err := filepath.Glob(filepath.Join(base, "*", "chk-1"))
	if err != nil || len(dirs) != 1 {
		t.Fatal(dirs, err)
	}
	return dirs[0]
}

// expected returns what must be in the checkpoint, computed without the engine.
func expected(maxParallelism int) (flinktest.Plan, []string) {
	operator := func(name string) flinktest.Operator {
		return flinktest.Operator{ID: flink.OperatorIDOf(name), Parallelism: 2, MaxParallelism: maxParallelism}
	}
	source, states, sink := operator("numbers"), operator("states"), operator("out")
	source.Lists = []flink.StateMeta{flink.ListMeta(flow.SplitsState, flink.ModeSplitDistribute, flink.ByteArray)}
	sink.Lists = []flink.StateMeta{flink.ListMeta(flow.PreparedState, flink.ModeSplitDistribute, flink.ByteArray)}
	states.Key = flink.String
	states.Keyed = []flink.StateMeta{
		flink.ValueStateMeta("value", flink.Bool),
		flink.ListStateMeta("list", flink.String),
		flink.MapStateMeta("map", flink.Long, flink.Double),
		flink.ReducingStateMeta("reducing", flink.Long),
		flink.AggregatingStateMeta("aggregating", flink.ByteArray),
	}
	entries := []string{source.Element(flow.SplitsState, flow.AppendSplit(nil, flow.Split{ID: "slice", Position: binary.AppendUvarint(nil, last), Watermark: flow.MinTime}))}
	value, sum := make(map[string]bool), make(map[string]int64)
	list, bytes := make(map[string][]flink.Value), make(map[string][]byte)
	table := make(map[string]map[int64]float64)
	for n := range int64(last) {
		k := keyOf(n)
		value[k] = n%2 == 0
		list[k] = append(list[k], fmt.Sprint(n))
		if table[k] == nil {
			table[k] = make(map[int64]float64)
		}
		table[k][n%3] = float64(n) / 2
		sum[k] += n
		bytes[k] = append(bytes[k], byte(n))
	}
	for k := range value {
		var m flink.Map
		for u := range int64(3) {
			if v, ok := table[k][u]; ok {
				m = append(m, flink.MapEntry{Key: u, Value: v})
			}
		}
		entries = append(entries,
			states.Entry("value", k, value[k]),
			states.Entry("list", k, list[k]),
			states.Entry("map", k, m),
			states.Entry("reducing", k, sum[k]),
			states.Entry("aggregating", k, bytes[k]))
	}
	return flinktest.Plan{Checkpoint: 1, Operators: []flinktest.Operator{source, states, sink}}, entries
}
