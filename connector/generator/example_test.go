package generator_test

import (
	"context"
	"fmt"
	"log"
	"log/slog"
	"os"

	"github.com/weirstream/weir"
	"github.com/weirstream/weir/connector/generator"
	"github.com/weirstream/weir/run"
)

// A record is made from its number. With several splits, several subtasks make them.
func ExampleSource() {
	dir, err := os.MkdirTemp("", "example")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	job := weir.NewJob("squares")
	squares := weir.From(job, "squares", generator.Source(4, func(i int64) int64 { return i * i }))
	var out weir.Collector[int64]
	weir.To(squares, "out", &out)
	if err := run.Local(context.Background(), job, run.Options{CheckpointDir: dir, Log: slog.New(slog.DiscardHandler)}); err != nil {
		log.Fatal(err)
	}
	fmt.Println(out.Records())
	// Output:
	// [0 1 4 9]
}
