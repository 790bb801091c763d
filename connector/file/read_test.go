package file

import (
	"bytes"
	"compress/gzip"
	"context"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/weirstream/weir"
	"github.com/weirstream/weir/connector/connectortest"
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

// records are those of all steps.
func records[T any](steps []step[T]) (all []T) {
	for _, s := range steps {
		all = append(all, s.records...)
	}
	return all
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

// conforming is a source of one file under the suite for sources.
func conforming[T any](open func() weir.Source[T], want []T) connectortest.SourceConfig[T] {
	other := positionAfter("x\n") // of another file
	behind := position{digest: digest{n: 1 << 40}, lines: 1}
	return connectortest.SourceConfig[T]{
		New:     open,
		Want:    map[string][]T{"in": want},
		Refused: [][]byte{{}, {9, 9, 9}, other.encode(), behind.encode()},
	}
}

// positionAfter is the position after some lines.
func positionAfter(lines string) (p position) {
	p.digest.add([]byte(lines))
	p.lines = int64(strings.Count(lines, "\n"))
	return p
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
