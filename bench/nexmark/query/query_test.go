package query

import (
	"flag"
	"fmt"
	"log/slog"
	"testing"
	"time"

	"github.com/weirstream/weir"
	"github.com/weirstream/weir/bench/nexmark/site"
	"github.com/weirstream/weir/run"
)

var eventsFlag = flag.Int64("events", 0, "check so many events instead of 1 million, or 100,000 with -short")

// numberOfEvents is how many events the tests look at.
func numberOfEvents() int64 {
	switch {
	case *eventsFlag > 0:
		return *eventsFlag
	case testing.Short():
		return 100_000
	}
	return 1_000_000
}

// results runs a query over the first n events.
func results[R any](t *testing.T, query func(weir.Stream[site.Event]) weir.Stream[R], n int64, parallelism int) []R {
	t.Helper()
	job := weir.NewJob("query")
	events := weir.From(job, "events", site.Source(n, parallelism, nil), site.Watermarks())
	var out weir.Collector[R]
	weir.To(query(events), "out", &out)
	err := run.Local(t.Context(), job, run.Options{
		CheckpointDir: t.TempDir(), CheckpointInterval: time.Second, Parallelism: parallelism, Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	return out.Records()
}

// check compares the rows of a query with those of the loop beside it, whatever their order.
func check[R comparable](t *testing.T, query func(weir.Stream[site.Event]) weir.Stream[R], reference func(n int64) []R) {
	t.Helper()
	checkBy(t, query, reference, func(rows []R) []R { return rows })
}

// checkLast compares the rows that are valid in the end: the last one of each key.
func checkLast[R, K comparable](t *testing.T, query func(weir.Stream[site.Event]) weir.Stream[R], reference func(n int64) []R, key func(R) K) {
	t.Helper()
	checkBy(t, query, reference, func(rows []R) (valid []R) {
		last := make(map[K]R)
		for _, r := range rows {
			last[key(r)] = r
		}
		for _, r := range last {
			valid = append(valid, r)
		}
		return valid
	})
}

func checkBy[R, V comparable](t *testing.T, query func(weir.Stream[site.Event]) weir.Stream[R], reference func(n int64) []V, valid func([]R) []V) {
	t.Helper()
	n := numberOfEvents()
	want := reference(n)
	if len(want) == 0 {
		t.Fatal("the loop has no rows: what is compared?")
	}
	for _, parallelism := range []int{1, 2} {
		t.Run(fmt.Sprintf("parallelism %d", parallelism), func(t *testing.T) {
			got := valid(results(t, query, n, parallelism))
			missing := make(map[V]int, len(want))
			for _, r := range want {
				missing[r]++
			}
			for _, r := range got {
				if missing[r]--; missing[r] == -1 {
					t.Errorf("not in the result of the loop, or more often: %+v", r)
				}
			}
			for r, n := range missing {
				if n > 0 {
					t.Errorf("missing %d times: %+v", n, r)
				}
				if t.Failed() {
					t.Fatalf("%d rows, want %d", len(got), len(want))
				}
			}
		})
	}
}
