package file_test

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/weirstream/weir"
	"github.com/weirstream/weir/connector/file"
)

// all prints the records of a source that ends.
func all[T any](src weir.Source[T]) {
	ctx := context.Background()
	ids, err := src.Splits(ctx)
	if err != nil {
		fmt.Println(err)
	}
	for _, id := range ids {
		r, err := src.Open(ctx, weir.Split{ID: id})
		if err != nil {
			fmt.Println(err)
			return
		}
		records := make([]T, 10)
		for err == nil {
			var n int
			n, err = r.Read(ctx, records)
			for _, record := range records[:n] {
				fmt.Printf("%s: %v\n", id, record)
			}
		}
		if err != io.EOF {
			fmt.Println(err)
		}
		r.Close()
	}
}

func folderOf(files map[string]string) string {
	dir, err := os.MkdirTemp("", "example")
	if err != nil {
		panic(err)
	}
	for name, content := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o666); err != nil {
			panic(err)
		}
	}
	return dir
}

// Quoted fields may have commas and newlines in them.
func ExampleCSV() {
	dir := folderOf(map[string]string{"airports.csv": "code,city name,flights\nJFK,\"New York, NY\",12\nCDG,Paris,7\n"})
	defer os.RemoveAll(dir)
	type airport struct {
		City    string `csv:"city name"`
		Flights int    `csv:"flights"`
	}
	all(file.CSV[airport](dir))
	// Output:
	// airports.csv: {New York, NY 12}
	// airports.csv: {Paris 7}
}

// A folder in which programs write logs, and rotate and pack them.
func ExampleInclude() {
	dir := folderOf(map[string]string{"app.log": "one\n", "app.log.1.gz": "", "debug.log": "no\n", ".app.log.swp": "no\n"})
	defer os.RemoveAll(dir)
	all(file.Lines(dir, file.Include("*.log"), file.Exclude("debug*")))
	// Output:
	// app.log: one
}

// Records of JSON, of which one is not what it should be.
func ExampleSkipMalformed() {
	dir := folderOf(map[string]string{"a.jsonl": "{\"n\":1}\n{\"n\":\n{\"n\":3}\n"})
	defer os.RemoveAll(dir)
	type record struct{ N int }
	src := file.JSONLines[record](dir, file.SkipMalformed())
	all(src)
	fmt.Println("skipped:", src.(interface{ Skipped() int64 }).Skipped())
	// Output:
	// a.jsonl: {1}
	// a.jsonl: {3}
	// skipped: 1
}
