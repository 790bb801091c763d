package file

import (
	"bytes"
	"encoding/json"
	"io"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/weirstream/weir"
)

// FuzzJSONLines compares the source with json.Unmarshal, line by line, in one go and from
// the position in between.
func FuzzJSONLines(f *testing.F) {
	for _, s := range []string{
		"{\"carrier\":\"AA\",\"delay\":5}\n{}\n", "{}", "\r\n{}\r\n", "{} {}\n{}\n", "{\"delay\":1.5}\n", "null\n\n 1 \n",
		"{\"carrier\":\"\\ud800\"}\n", "\xff\n{}\n", "{\"Stops\":[\"x\"\n]}\n", "1e999\n{}", "\"x\"y\n{}\n", "[1]]\n{}\n", "{}\x00\n{}\n",
	} {
		f.Add([]byte(s), uint8(1))
	}
	dir := f.TempDir()
	f.Fuzz(func(t *testing.T, content []byte, batch uint8) {
		path := filepath.Join(dir, "in")
		write(t, path, content)
		if k, _ := tell(content, true); k != text || bytes.HasPrefix(content, []byte(bom)) {
			t.Skip("it would not be read as it is")
		}
		var want []any
		wantErr := false
		for rest := content; len(rest) > 0 && !wantErr; {
			line, after, _ := bytes.Cut(rest, []byte("\n"))
			rest = after
			if blank(line) {
				continue
			}
			var v any
			if err := json.Unmarshal(line, &v); err != nil {
				wantErr = true
			} else {
				want = append(want, v)
			}
		}
		src := JSONLines[any](path)
		steps, err := read(src, "in", nil, 1+int(batch))
		if (err != nil) != wantErr {
			t.Fatalf("error %v, want one: %v", err, wantErr)
		}
		var got []any
		for _, s := range steps {
			got = append(got, s.records...)
		}
		if !same(got, want) {
			t.Fatalf("got %v, want %v", got, want)
		}
		if len(steps) > 1 {
			rest, _ := read(src, "in", steps[0].position, 100)
			var again []any
			for _, s := range rest {
				again = append(again, s.records...)
			}
			if !same(again, want[len(steps[0].records):]) {
				t.Fatalf("from the first position: got %v, want %v", again, want[len(steps[0].records):])
			}
		}
	})
}

// FuzzGzip: whatever is in a file that says it is gzip, it is read or refused.
func FuzzGzip(f *testing.F) {
	f.Add(zip("1\n2\n")[2:])
	f.Add(append(zip("1\n2\n"), zip("3")...)[2:])
	f.Add(zip("1\n2\n")[2:12])
	dir := f.TempDir()
	f.Fuzz(func(t *testing.T, content []byte) {
		path := filepath.Join(dir, "in")
		write(t, path, append([]byte("\x1f\x8b"), content...))
		steps, err := read(Lines(path, MaxLine(1<<16)), "in", nil, 100)
		if err != nil && (!weir.IsPermanent(err) || !strings.Contains(err.Error(), path) || err == io.EOF) {
			t.Errorf("%v", err)
		}
		_ = steps
	})
}

// FuzzLines compares the source with strings.Split, in one go and from every position in
// between, whatever the size of a batch.
func FuzzLines(f *testing.F) {
	f.Add("1\n2\n3\n", uint8(1))
	f.Add("\r\n\r\n\r", uint8(0))
	f.Add("no newline at the end", uint8(9))
	f.Add("\xff\x00\n\n\n\xc3", uint8(1))
	dir := f.TempDir()
	f.Fuzz(func(t *testing.T, content string, batch uint8) {
		path := filepath.Join(dir, "in")
		write(t, path, []byte(content))
		if k, _ := tell([]byte(content), true); k != text || strings.HasPrefix(content, bom) {
			t.Skip("it would not be read as it is")
		}
		var want []string
		for line := range strings.Lines(content) {
			line = strings.TrimSuffix(line, "\n")
			want = append(want, strings.TrimSuffix(line, "\r"))
		}
		src := Lines(path)
		all := func(from []byte, size int) (records []string, steps int, positions [][]byte) {
			read, err := read(src, "in", from, size)
			if err != nil {
				t.Fatal(err)
			}
			for _, s := range read {
				records = append(records, s.records...)
				positions = append(positions, s.position)
			}
			return records, len(read), positions
		}
		got, _, positions := all(nil, 1+int(batch))
		if !slices.Equal(got, want) {
			t.Fatalf("got %q, want %q", got, want)
		}
		seen := 0
		for i, p := range positions {
			if i > 8 {
				break // enough of them
			}
			rest, _, _ := all(p, 100)
			seen = len(want) - len(rest)
			if seen < 0 || !slices.Equal(rest, want[seen:]) {
				t.Fatalf("from position %d: got %q of %q", i, rest, want)
			}
		}
	})
}
