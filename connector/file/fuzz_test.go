package file

import (
	"bytes"
	"encoding/json"
	"io"
	"math"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/weirstream/weir"
)

func TestPositionEncoding(t *testing.T) {
	for _, p := range []position{
		{},
		{offset: 1, lines: 1, tail: 1},
		{gzip: true, open: true, offset: 300, lines: 7, tail: 0xdeadbeef},
		{offset: math.MaxInt64, lines: math.MaxInt64, tail: math.MaxUint32},
	} {
		b := p.encode()
		got, err := decodePosition(b)
		if err != nil || got != p {
			t.Errorf("%+v becomes %+v, %v", p, got, err)
		}
		for i := range b {
			if _, err := decodePosition(b[:i]); err == nil {
				t.Errorf("%x decodes", b[:i])
			}
		}
	}
	if p, err := decodePosition(nil); err != nil || p != (position{}) {
		t.Errorf("nil: %+v, %v", p, err)
	}
	for _, b := range [][]byte{
		{1, 4, 0, 0, 0, 0, 0, 0},                                              // a flag that means nothing
		{1, 0, 0x80, 0, 0, 0, 0, 0, 0},                                        // a number longer than it need be
		{1, 0, 1, 2, 0, 0, 0, 0},                                              // more lines than bytes
		{1, 2, 1, 0, 0, 0, 0, 0},                                              // behind no line
		append(position{offset: 1}.encode(), 0),                               // more than a position
		{1, 0, 255, 255, 255, 255, 255, 255, 255, 255, 255, 1, 0, 0, 0, 0, 0}, // beyond any file
	} {
		if p, err := decodePosition(b); err == nil {
			t.Errorf("%x decodes to %+v", b, p)
		}
	}
}

func FuzzPosition(f *testing.F) {
	f.Add(position{offset: 4, lines: 2, tail: checksum([]byte("1\n2\n"))}.encode())
	f.Add(position{gzip: true, open: true, offset: 3, lines: 2}.encode())
	f.Add([]byte{1, 0, 0, 0, 0, 0, 0, 0})
	f.Add([]byte{})
	path := filepath.Join(f.TempDir(), "in")
	write(f, path, []byte("1\n2\n3\n"))
	src := Lines(path)
	f.Fuzz(func(t *testing.T, b []byte) {
		p, err := decodePosition(b)
		if err == nil && b != nil && !bytes.Equal(p.encode(), b) {
			t.Errorf("%x decodes to %+v, which is encoded as %x", b, p, p.encode())
		}
		// Whatever it says, the file is read on or refused; nothing is made up.
		steps, err := read(src, "in", b, 2)
		if err != nil {
			if !weir.IsPermanent(err) {
				t.Errorf("%x: not permanent: %v", b, err)
			}
			return
		}
		for _, s := range steps {
			for _, r := range s.records {
				if !strings.Contains("123", r) {
					t.Errorf("%x: record %q", b, r)
				}
			}
		}
	})
}

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
		if bytes.HasPrefix(content, gzipMagic[:]) {
			t.Skip("it would be unpacked, not read as lines")
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
		write(t, path, append(gzipMagic[:], content...))
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
		if strings.HasPrefix(content, string(gzipMagic[:])) {
			t.Skip("it would be unpacked, not read as lines")
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
