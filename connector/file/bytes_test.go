package file

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/weirstream/weir"
	"github.com/weirstream/weir/connector/connectortest"
)

func TestBytesReplay(t *testing.T) {
	long := strings.Repeat("0123456789", 30_000)
	content := "a\n\n\xff\x00\r\n" + long + "\nb"
	want := [][]byte{[]byte("a"), {}, []byte("\xff\x00"), []byte(long), []byte("b")}
	for i := range 500 {
		content += strings.Repeat("x", i%300) + "\n"
		if i == 0 {
			continue
		}
		want = append(want, []byte(strings.Repeat("x", i%300)))
	}
	for _, p := range packings[:2] {
		t.Run(p.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "in")
			write(t, path, p.pack(content))
			connectortest.Source(t, conforming(func() weir.Source[[]byte] { return Bytes(path) }, want))
		})
	}
}

// What is done to a line is done to that line, and what was given out stays what it was.
func TestBytesAreTheReaders(t *testing.T) {
	path := filepath.Join(t.TempDir(), "in")
	var content []byte
	for i := range 3000 {
		content = fmt.Appendf(content, "line %d\n", i)
	}
	write(t, path, content)
	steps, err := read(Bytes(path), "in", nil, 100)
	must(t, err)
	all := records(steps)
	for i := range all {
		all[i] = append(all[i], "!!"...)
		all[i][0] = 'L'
	}
	for i, line := range all {
		if want := fmt.Sprintf("Line %d!!", i); string(line) != want {
			t.Fatalf("got %q, want %q", line, want)
		}
	}
}

// Strings of short lines share blocks, and the blocks are small: of a line that is kept, not
// much more is kept.
func TestLinesKeepLittle(t *testing.T) {
	path := filepath.Join(t.TempDir(), "in")
	write(t, path, []byte(strings.Repeat("short\n", 100_000)))
	r, err := Lines(path).Open(t.Context(), weir.Split{ID: "in"})
	must(t, err)
	defer r.Close()
	records := make([]string, 512)
	for range 3 {
		_, err := r.Read(t.Context(), records)
		must(t, err)
	}
	if n := r.(*reader[string]).decode.(*stringDecoder).block.Cap(); n > stringBlock+stringBlock/4 {
		t.Errorf("a block of %d bytes", n)
	}
	if n := testing.AllocsPerRun(20, func() { r.Read(t.Context(), records) }); n > 20 {
		t.Errorf("%v allocations for %d lines", n, len(records))
	}
}
