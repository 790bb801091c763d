package file

import (
	"encoding/json"
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"testing"

	"github.com/weirstream/weir"
	"github.com/weirstream/weir/durable"
)

type row struct {
	Date        string `json:"date"`
	Delay       int    `json:"delay"`
	Distance    int    `json:"distance"`
	Origin      string `json:"origin"`
	Destination string `json:"destination"`
}

func rows(n int) (rows []row, content string) {
	var b strings.Builder
	for i := range n {
		r := row{fmt.Sprintf("2001/01/01 %02d:%02d", i/60%24, i%60), i % 300, i % 5000, "DTW", "LAS"}
		rows = append(rows, r)
		line, _ := json.Marshal(r)
		b.Write(line)
		b.WriteByte('\n')
	}
	return rows, b.String()
}

func benchRead[T any](b *testing.B, src weir.Source[T], bytes int) {
	b.SetBytes(int64(bytes))
	b.ReportAllocs()
	records := make([]T, 512)
	for b.Loop() {
		r, err := src.Open(b.Context(), weir.Split{ID: "in"})
		if err != nil {
			b.Fatal(err)
		}
		n := 0
		for err == nil {
			var m int
			m, err = r.Read(b.Context(), records)
			n += m
			r.Position()
		}
		if err != io.EOF || n != benchRows {
			b.Fatal(n, err)
		}
		r.Close()
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/benchRows, "ns/record")
}

const benchRows = 20_000

func BenchmarkRead(b *testing.B) {
	_, content := rows(benchRows)
	for _, p := range packings[:2] {
		path := filepath.Join(b.TempDir(), "in")
		write(b, path, p.pack(content))
		b.Run("lines/"+p.name, func(b *testing.B) { benchRead(b, Lines(path), len(content)) })
		b.Run("bytes/"+p.name, func(b *testing.B) { benchRead(b, Bytes(path), len(content)) })
		b.Run("json/"+p.name, func(b *testing.B) { benchRead(b, JSONLines[row](path), len(content)) })
	}
}

// What followed files cost in which nothing happens: all of them are asked once, as often as
// the engine asks, and planned once.
func BenchmarkIdleFiles(b *testing.B) {
	const files = 10_000
	dir := b.TempDir()
	for i := range files {
		write(b, filepath.Join(dir, fmt.Sprint("f", i)), fmt.Appendf(nil, "%d\n", i))
	}
	src := Lines(dir, Follow()).(source[string])
	plan, err := src.PlanSplits(b.Context(), nil)
	must(b, err)
	readers := make([]weir.Reader[string], files)
	records := make([]string, 512)
	for i, s := range plan.Read {
		readers[i], err = src.Open(b.Context(), s)
		must(b, err)
		defer readers[i].Close()
		for n := 1; n > 0; {
			n, err = readers[i].Read(b.Context(), records)
			must(b, err)
		}
		plan.Read[i].Position = readers[i].Position()
	}
	each := func(b *testing.B) {
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/files, "ns/file")
	}
	b.Run("read", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			for _, r := range readers {
				if n, err := r.Read(b.Context(), records); n != 0 || err != nil {
					b.Fatal(n, err)
				}
				r.Position()
			}
		}
		each(b)
	})
	b.Run("plan of a folder that has just changed", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			_, err := src.PlanSplits(b.Context(), plan.Read)
			must(b, err)
		}
		each(b)
	})
}

// nowhere takes files and forgets them.
type nowhere struct{ durable.FS }

type nothing struct{}

func (nowhere) Create(string) (durable.File, error) { return nothing{}, nil }
func (nothing) Write(p []byte) (int, error)         { return len(p), nil }
func (nothing) Sync() error                         { return nil }
func (nothing) Close() error                        { return nil }

func BenchmarkWrite(b *testing.B) {
	records, content := rows(512)
	lines := strings.Split(strings.TrimSuffix(content, "\n"), "\n")
	bench := func(name string, write func()) {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(content)))
			b.ReportAllocs()
			for b.Loop() {
				write()
			}
		})
	}
	j := openWriter(b, JSONSinkOn[row](nowhere{durable.OS()}, filepath.ToSlash(b.TempDir())), first)
	bench("json", func() { must(b, j.Write(b.Context(), records)) })
	l := openWriter(b, LinesSinkOn(nowhere{durable.OS()}, filepath.ToSlash(b.TempDir())), first)
	bench("lines", func() { must(b, l.Write(b.Context(), lines)) })
}
