package ratelimit_test

import (
	"context"
	"fmt"
	"log"
	"log/slog"
	"os"

	"github.com/weirstream/weir"
	"github.com/weirstream/weir/connector/ratelimit"
	"github.com/weirstream/weir/run"
)

// The source is read at most at 1,000 records a second. It is otherwise the same.
func ExampleSource() {
	dir, err := os.MkdirTemp("", "example")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	job := weir.NewJob("slowly")
	numbers := weir.From(job, "numbers", ratelimit.Source(weir.Slice(1, 2, 3), 1000))
	var out weir.Collector[int]
	weir.To(numbers, "out", &out)
	if err := run.Local(context.Background(), job, run.Options{CheckpointDir: dir, Log: slog.New(slog.DiscardHandler)}); err != nil {
		log.Fatal(err)
	}
	fmt.Println(out.Records())
	// Output:
	// [1 2 3]
}
