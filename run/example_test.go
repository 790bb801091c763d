package run_test

import (
	"context"
	"fmt"
	"log"
	"log/slog"
	"os"
	"path/filepath"

	"github.com/weirstream/weir"
	"github.com/weirstream/weir/connector/generator"
	"github.com/weirstream/weir/run"
)

// numbersUpTo is the job of the examples: it copies the numbers from 0 to n-1 into out.
func numbersUpTo(n int64, out *weir.Collector[int64]) *weir.Job {
	job := weir.NewJob("numbers")
	weir.To(weir.From(job, "in", generator.Source(n, func(i int64) int64 { return i })), "out", out)
	return job
}

// inTempDir calls f with options for a temporary directory, without a log.
func inTempDir(f func(run.Options)) {
	dir, err := os.MkdirTemp("", "example")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	f(run.Options{CheckpointDir: dir, Parallelism: 1, Log: slog.New(slog.DiscardHandler)})
}

// A second run of the same job goes on from the last complete checkpoint of the first.
func ExampleLocal() {
	inTempDir(func(opts run.Options) {
		for _, n := range []int64{3, 5} {
			var out weir.Collector[int64]
			if err := run.Local(context.Background(), numbersUpTo(n, &out), opts); err != nil {
				log.Fatal(err)
			}
			fmt.Println(out.Records())
		}
	})
	// Output:
	// [0 1 2]
	// [3 4]
}

// A job starts from another checkpoint than its last one: here from the final checkpoint of
// the first run, although a second one has gone on.
func ExamplePath() {
	inTempDir(func(opts run.Options) {
		for _, n := range []int64{3, 5, 7} {
			var out weir.Collector[int64]
			if n == 7 {
				first, _ := filepath.Glob(filepath.Join(opts.CheckpointDir, "*", "chk-1"))
				opts.From = run.Path(first[0])
			}
			if err := run.Local(context.Background(), numbersUpTo(n, &out), opts); err != nil {
				log.Fatal(err)
			}
			fmt.Println(out.Records())
		}
	})
	// Output:
	// [0 1 2]
	// [3 4]
	// [3 4 5 6]
}

// A monitor shows a job from any goroutine, while it runs and after its end.
func ExampleMonitor_Status() {
	inTempDir(func(opts run.Options) {
		opts.Monitor = &run.Monitor{}
		var out weir.Collector[int64]
		if err := run.Local(context.Background(), numbersUpTo(1000, &out), opts); err != nil {
			log.Fatal(err)
		}
		s := opts.Monitor.Status()
		fmt.Println("attempts:", s.Attempt)
		fmt.Println("records read:", s.Records)
		fmt.Println("last complete checkpoint:", s.LastComplete)
	})
	// Output:
	// attempts: 1
	// records read: 1000
	// last complete checkpoint: 1
}

// The value of a flag says what a job starts from.
func ExampleParseFrom() {
	for _, s := range []string{"", "latest", "none", "weir-data/0123456789abcdef0123456789abcdef/chk-7"} {
		fmt.Printf("%q: %v\n", s, run.ParseFrom(s))
	}
	// Output:
	// "": latest
	// "latest": latest
	// "none": none
	// "weir-data/0123456789abcdef0123456789abcdef/chk-7": weir-data/0123456789abcdef0123456789abcdef/chk-7
}

// A program with flags, exit codes and a final checkpoint when it is stopped.
func ExampleMain() {
	run.Main(func() (*weir.Job, error) {
		return numbersUpTo(1_000_000, &weir.Collector[int64]{}), nil
	})
}
