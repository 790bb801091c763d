package weir_test

import (
	"context"
	"fmt"
	"iter"
	"log"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/weirstream/weir"
	"github.com/weirstream/weir/connector/file"
	"github.com/weirstream/weir/run"
)

// Count is a word and how often it was seen so far.
type Count struct {
	Word string `json:"word"`
	N    int64  `json:"n"`
}

// WordCount counts the words of a text file or a folder of them, exactly once.
func WordCount(ctx context.Context, in, out string) error {
	job := weir.NewJob("word count")
	lines := weir.From(job, "lines", file.Lines(in))
	words := weir.FlatMap(lines, func(line string) (iter.Seq[string], error) {
		return strings.FieldsSeq(line), nil
	})
	byWord := weir.KeyBy(words, func(word string) string { return word })
	counts := weir.Process(byWord, "counts", func(c *weir.KeyContext[string], out *weir.Out[Count]) func(string) error {
		n := weir.NewValue[int64](c, "n") // one number per word, kept in checkpoints
		return func(word string) error {
			count, _ := n.Get()
			n.Set(count + 1)
			out.Emit(Count{word, count + 1})
			return nil
		}
	})
	weir.To(counts, "out", file.JSONSink[Count](out))
	return run.Local(ctx, job, run.Options{CheckpointDir: filepath.Join(out, "checkpoints")})
}

func Example_wordCount() {
	dir, err := os.MkdirTemp("", "wordcount")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	in, out := filepath.Join(dir, "text"), filepath.Join(dir, "out")
	if err := os.WriteFile(in, []byte("to be or not to be\nthat is the question\n"), 0o666); err != nil {
		log.Fatal(err)
	}
	log.SetOutput(os.Stderr)
	if err := WordCount(context.Background(), in, out); err != nil {
		log.Fatal(err)
	}
	parts, _ := filepath.Glob(filepath.Join(out, "part-*"))
	last := make(map[string]string)
	for _, p := range parts {
		b, _ := os.ReadFile(p)
		for line := range strings.Lines(string(b)) {
			word := strings.Split(line, `"`)[3]
			last[word] = max(last[word], strings.TrimSpace(line))
		}
	}
	for _, word := range slices.Sorted(maps.Keys(last)) {
		fmt.Println(last[word])
	}
	// Output:
	// {"word":"be","n":2}
	// {"word":"is","n":1}
	// {"word":"not","n":1}
	// {"word":"or","n":1}
	// {"word":"question","n":1}
	// {"word":"that","n":1}
	// {"word":"the","n":1}
	// {"word":"to","n":2}
}
