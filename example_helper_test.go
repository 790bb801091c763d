package weir_test

import (
	"context"
	"fmt"
	"log"
	"log/slog"
	"os"
	"slices"

	"github.com/weirstream/weir"
	"github.com/weirstream/weir/run"
)

// show is the end of most examples: it runs a job that ends with the given stream, and
// prints the stream's records, sorted.
func show[T any](job *weir.Job, stream weir.Stream[T]) {
	var out weir.Collector[T]
	weir.To(stream, "out", &out)
	if err := runQuietly(job); err != nil {
		log.Fatal(err)
	}
	printSorted(&out)
}

// runQuietly runs a job in a temporary directory, without a log.
func runQuietly(job *weir.Job) error {
	dir, err := os.MkdirTemp("", "example")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	return run.Local(context.Background(), job, run.Options{CheckpointDir: dir, Log: slog.New(slog.DiscardHandler)})
}

// printSorted prints the records of a collector, sorted: several subtasks commit in any order.
func printSorted[T any](out *weir.Collector[T]) {
	var lines []string
	for _, r := range out.Records() {
		lines = append(lines, fmt.Sprint(r))
	}
	slices.Sort(lines)
	for _, line := range lines {
		fmt.Println(line)
	}
}

// oneByOne is a source of records that come in a batch each, so that the watermark follows
// each of them.
func oneByOne[T any](records ...T) weir.Source[T] { return single[T]{weir.Slice(records...)} }

type single[T any] struct{ weir.Source[T] }

func (s single[T]) Open(ctx context.Context, split weir.Split) (weir.Reader[T], error) {
	r, err := s.Source.Open(ctx, split)
	return singleReader[T]{r}, err
}

type singleReader[T any] struct{ weir.Reader[T] }

func (r singleReader[T]) Read(ctx context.Context, records []T) (int, error) {
	return r.Reader.Read(ctx, records[:1])
}
