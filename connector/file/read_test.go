package file

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/weirstream/weir"
)

// packing is how a file's content is stored.
type packing struct {
	name string
	pack func(content string) []byte
}

var packings = []packing{
	{"plain", func(s string) []byte { return []byte(s) }},
	{"gzip", func(s string) []byte { return zip(s) }},
	{"gzip of many members", func(s string) []byte {
		var b []byte
		for len(s) > 0 {
			n := min(len(s), 1+len(s)/3)
			b = append(b, zip(s[:n])...)
			s = s[n:]
		}
		return append(b, zip("")...)
	}},
}

func zip(s string) []byte {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	io.WriteString(z, s)
	z.Close()
	return b.Bytes()
}

// write makes or replaces a file, add appends to it.
func write(t testing.TB, path string, content []byte) {
	t.Helper()
	if err := os.WriteFile(path, content, 0o666); err != nil {
		t.Fatal(err)
	}
}

func add(t testing.TB, path string, content []byte) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.Write(content); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
}

// A step is what one Read has returned, and the position after it.
type step[T any] struct {
	records  []T
	position []byte
}

// read reads a split from a position to its end, or to an error.
func read[T any](src weir.Source[T], id string, from []byte, batch int) (steps []step[T], err error) {
	r, err := src.Open(context.Background(), weir.Split{ID: id, Position: from})
	if err != nil {
		return nil, err
	}
	defer r.Close()
	for {
		records := make([]T, batch)
		n, err := r.Read(context.Background(), records)
		if n > 0 {
			steps = append(steps, step[T]{records[:n], r.Position()})
		}
		if err == io.EOF {
			return steps, nil
		}
		if err != nil {
			return steps, err
		}
	}
}

func mustRead[T any](t testing.TB, src weir.Source[T], id string, from []byte) (records []T, end []byte) {
	t.Helper()
	steps, err := read(src, id, from, 100)
	if err != nil {
		t.Fatal(err)
	}
	end = from
	for _, s := range steps {
		records, end = append(records, s.records...), s.position
	}
	return records, end
}

// wantReplay reads a split in batches of several sizes, and again from every position
// that there was.
func wantReplay[T any](t testing.TB, src weir.Source[T], id string, want []T) {
	t.Helper()
	for _, batch := range []int{1, 3, 512} {
		every := max(1, len(want)/batch/10) // of a large file not quite every position
		steps, err := read(src, id, nil, batch)
		if err != nil {
			t.Fatal(err)
		}
		var got []T
		for i, s := range steps {
			got = append(got, s.records...)
			if i%every != 0 && len(steps)-i > 5 {
				continue
			}
			rest, _ := mustRead(t, src, id, s.position)
			if !same(rest, want[len(got):]) {
				t.Fatalf("after %d records, from position %x: got %d records %.200q, want %d: %.200q",
					len(got), s.position, len(rest), fmt.Sprint(rest), len(want)-len(got), fmt.Sprint(want[len(got):]))
			}
		}
		if !same(got, want) {
			t.Fatalf("batches of %d: got %d records %.200q, want %d: %.200q", batch, len(got), fmt.Sprint(got), len(want), fmt.Sprint(want))
		}
	}
}

func same[T any](a, b []T) bool { return len(a) == 0 && len(b) == 0 || reflect.DeepEqual(a, b) }

func wantPermanent(t testing.TB, err error, words ...string) {
	t.Helper()
	if err == nil {
		t.Fatal("no error")
	}
	if !weir.IsPermanent(err) {
		t.Errorf("not permanent: %v", err)
	}
	for _, w := range words {
		if !strings.Contains(err.Error(), w) {
			t.Errorf("error does not say %q: %v", w, err)
		}
	}
}

// Read gives what it has instead of filling up.
func TestReadDoesNotFillUp(t *testing.T) {
	path := filepath.Join(t.TempDir(), "in")
	write(t, path, bytes.Repeat([]byte(strings.Repeat("x", 99)+"\n"), 10_000))
	r, err := Lines(path).Open(t.Context(), weir.Split{ID: "in"})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	n, err := r.Read(t.Context(), make([]string, 100_000))
	if err != nil || n == 0 || n > bufferBytes/100 {
		t.Errorf("first Read: %d records, %v: want what one buffer holds", n, err)
	}
	if n, err := r.Read(t.Context(), nil); n != 0 || err != nil {
		t.Errorf("Read into nothing: %d, %v", n, err)
	}
}
