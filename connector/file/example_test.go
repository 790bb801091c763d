package file_test

import (
	"context"
	"fmt"
	"log"
	"log/slog"
	"os"
	"path/filepath"

	"github.com/weirstream/weir"
	"github.com/weirstream/weir/connector/file"
	"github.com/weirstream/weir/run"
)

// A job that reads a file of JSON lines and writes files of lines. The output is visible
// when the checkpoint that it belongs to is complete.
func Example() {
	dir, err := os.MkdirTemp("", "example")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	in, out := filepath.Join(dir, "in.jsonl"), filepath.Join(dir, "out")
	if err := os.WriteFile(in, []byte(`{"city":"Oslo","celsius":-4}`+"\n"), 0o666); err != nil {
		log.Fatal(err)
	}
	type reading struct {
		City    string  `json:"city"`
		Celsius float64 `json:"celsius"`
	}
	job := weir.NewJob("report")
	readings := weir.From(job, "readings", file.JSONLines[reading](in))
	weir.To(weir.Map(readings, func(r reading) (string, error) {
		return fmt.Sprintf("%s: %g °C", r.City, r.Celsius), nil
	}), "report", file.LinesSink(out))
	opts := run.Options{CheckpointDir: filepath.Join(dir, "checkpoints"), Log: slog.New(slog.DiscardHandler)}
	if err := run.Local(context.Background(), job, opts); err != nil {
		log.Fatal(err)
	}
	parts, _ := filepath.Glob(filepath.Join(out, "part-*"))
	for _, p := range parts {
		b, _ := os.ReadFile(p)
		fmt.Print(string(b))
	}
	// Output:
	// Oslo: -4 °C
}
