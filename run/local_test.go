package run_test

import (
	"context"
	"iter"
	"slices"
	"strings"
	"testing"

	"github.com/weirstream/weir"
	"github.com/weirstream/weir/run"
)

func words(line string) (iter.Seq[string], error) { return strings.FieldsSeq(line), nil }

func TestWordCount(t *testing.T) {
	job := weir.NewJob("words")
	lines := weir.From(job, "lines", weir.Slice("to be or not to be", "that is the question"))
	counts := weir.Aggregate(
		weir.KeyBy(weir.FlatMap(lines, words), func(w string) string { return w }), "count",
		weir.Aggregator[string, int64, int64]{
			Add:    func(n int64, _ string) (int64, error) { return n + 1, nil },
			Result: func(n int64) (int64, error) { return n, nil },
		})
	var out weir.Collector[weir.KeyValue[string, int64]]
	weir.To(counts, "out", &out)
	if err := run.Local(context.Background(), job, run.Options{CheckpointDir: t.TempDir(), Parallelism: 2}); err != nil {
		t.Fatal(err)
	}
	got := make(map[string]int64)
	for _, kv := range out.Records() {
		got[kv.Key] = max(got[kv.Key], kv.Value)
	}
	if got["be"] != 2 || got["to"] != 2 || got["question"] != 1 || len(out.Records()) != 10 {
		t.Errorf("got %v from %v", got, slices.Collect(slices.Values(out.Records())))
	}
}
