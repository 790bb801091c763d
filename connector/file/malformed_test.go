package file

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/weirstream/weir"
	"github.com/weirstream/weir/connector/connectortest"
)

func TestDamagedGzip(t *testing.T) {
	whole := zip(strings.Repeat("some line or other\n", 10_000))
	flipped := bytes.Clone(whole)
	flipped[len(flipped)-6] ^= 1 // of the checksum
	for name, test := range map[string]struct {
		content []byte
		words   string
	}{
		"cut in the data":       {whole[:len(whole)/2], "gzip data ends in the middle"},
		"cut in the trailer":    {whole[:len(whole)-3], "ends in the middle"},
		"cut in the header":     {whole[:5], "ends in the middle"},
		"cut in the next":       {append(bytes.Clone(whole), whole[:15]...), "ends in the middle"},
		"wrong checksum":        {flipped, "gzip data is corrupt"},
		"damaged in the data":   {append(append(bytes.Clone(whole[:100]), 0xff, 0xff, 0xff, 0xff, 0xff, 0xff), whole[106:]...), "corrupt"},
		"nothing but the magic": {[]byte{0x1f, 0x8b}, "ends in the middle"},
		"none":                  {[]byte("\x1f\x8bis how a line begins here\n"), "begins like a gzip file and is none"},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "in.gz")
			write(t, path, test.content)
			_, err := read(Lines(path), "in.gz", nil, 512)
			wantPermanent(t, err, path, test.words)
		})
	}
}

func TestMalformedLine(t *testing.T) {
	for _, p := range packings {
		for _, test := range []struct{ content, line, words string }{
			{"{}\n{}\n{\"carrier\":}\n{}\n", "3", "invalid character '}'"},
			{"{}\n\n{} {}\n", "3", "after top-level value"},
			{"{}\r\n{\"carrier\":7}\r\n{}", "2", "cannot unmarshal number"},
			{"{}\nhello\n", "2", "invalid character 'h'"},
			{"{}\n{\"carrier\":\"A", "2", "ends without a newline"},
			{"{\n}\n", "1", "unexpected end"},
		} {
			t.Run(p.name+fmt.Sprintf("/%q", test.content), func(t *testing.T) {
				path := filepath.Join(t.TempDir(), "in")
				write(t, path, p.pack(test.content))
				src := JSONLines[flight](path)
				for _, batch := range []int{1, 100} {
					steps, err := read(src, "in", nil, batch)
					wantPermanent(t, err, path+":"+test.line+": ", test.words)
					// The records before it were given out, and the error comes again behind them.
					for _, s := range steps {
						_, err := read(src, "in", s.position, batch)
						wantPermanent(t, err, path+":"+test.line+": ", test.words)
					}
					n := 0
					for _, s := range steps {
						n += len(s.records)
					}
					if want := strings.Count(strings.SplitN(test.content, "hello", 2)[0], "{}"); test.line != "1" && n == 0 && want > 0 {
						t.Errorf("the records before the line are missing")
					}
				}
			})
		}
	}
}

func TestMaxLine(t *testing.T) {
	for _, p := range packings {
		for _, n := range []int{1, 9, 10, 11, 12, 13, 5000, 300_000} {
			for _, end := range []string{"\n", "\r\n", ""} {
				path := filepath.Join(t.TempDir(), "in")
				line := strings.Repeat("x", n)
				write(t, path, p.pack("ok\n"+line+end))
				steps, err := read(Lines(path, MaxLine(11)), "in", nil, 100)
				if len(steps) == 0 || steps[0].records[0] != "ok" {
					t.Fatalf("%d %q: the line before is missing: %v", n, end, err)
				}
				if n <= 11 && err != nil {
					t.Errorf("%d %q: %v", n, end, err)
				}
				if n > 11 {
					wantPermanent(t, err, path+":2: ", "longer than 11 bytes")
				}
			}
		}
	}
}

func TestSkipMalformed(t *testing.T) {
	huge := `{"carrier":"` + strings.Repeat("x", 400_000) + `"}`
	for _, p := range packings {
		t.Run(p.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "in")
			write(t, path, p.pack("nonsense\n{\"carrier\":\"1\"}\n"+huge+"\n{\"carrier\":\"2\"}\n{]\n"+huge+"\r\n"+huge+"\n{\"carrier\":\"3\"}\n{\"carr"))
			src := JSONLines[flight](path, SkipMalformed(), MaxLine(1000))
			want := []flight{{Carrier: "1"}, {Carrier: "2"}, {Carrier: "3"}}
			got, end := mustRead(t, src, "in", nil)
			if !same(got, want) {
				t.Fatalf("got %v", got)
			}
			if n := src.(interface{ Skipped() int64 }).Skipped(); n != 6 {
				t.Errorf("%d lines skipped, want 6", n)
			}
			connectortest.Source(t, conforming(func() weir.Source[flight] {
				return JSONLines[flight](path, SkipMalformed(), MaxLine(1000))
			}, want))
			// What may be half a line was not passed over.
			add(t, path, p.pack("ier\":\"4\"}\n"))
			got, _ = mustRead(t, src, "in", end)
			if !same(got, []flight{{Carrier: "4"}}) {
				t.Errorf("got %v", got)
			}
		})
	}
}

// While a huge line is passed over, the position stays before it.
func TestPositionInHugeLine(t *testing.T) {
	path := filepath.Join(t.TempDir(), "in")
	write(t, path, []byte("1\n"+strings.Repeat("x", 1<<20)+"\n2\n"))
	r, err := Lines(path, SkipMalformed(), MaxLine(10)).Open(t.Context(), weir.Split{ID: "in"})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if n, err := r.Read(t.Context(), make([]string, 5)); n != 1 || err != nil {
		t.Fatal(n, err)
	}
	before := r.Position()
	if p, err := decodePosition(before); err != nil || p.n != 2 || p.lines != 1 {
		t.Fatalf("position %+v, %v: want it behind the first line", p, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for range 3 { // it makes no way when it must not, and says so
		if n, err := r.Read(ctx, make([]string, 5)); n != 0 || !errors.Is(err, context.Canceled) {
			t.Fatal(n, err)
		}
		if p := r.Position(); !bytes.Equal(p, before) {
			t.Fatalf("position is %x, want %x", p, before)
		}
	}
	got := make([]string, 5)
	if n, err := r.Read(t.Context(), got); n != 1 || err != nil || got[0] != "2" {
		t.Fatal(n, err, got)
	}
	if p, err := decodePosition(r.Position()); err != nil || p.n != 2+1<<20+3 || p.lines != 3 {
		t.Errorf("position %+v, %v: want it behind the third line", p, err)
	}
}

// A line that is too long is not kept in memory to its end.
func TestMemoryForHugeLine(t *testing.T) {
	path := filepath.Join(t.TempDir(), "in")
	write(t, path, []byte(strings.Repeat("x", 8<<20)))
	for _, opts := range [][]Option{{MaxLine(1000)}, {MaxLine(1000), SkipMalformed()}} {
		r, err := Lines(path, opts...).Open(t.Context(), weir.Split{ID: "in"})
		if err != nil {
			t.Fatal(err)
		}
		for err == nil {
			_, err = r.Read(t.Context(), make([]string, 5))
		}
		if n := len(r.(*reader[string]).scan.buf); n > 2*bufferBytes {
			t.Errorf("buffer of %d bytes", n)
		}
		r.Close()
	}
}

// What stands behind a malformed line's first value is not taken for the next record.
func TestSkippedLineLeavesNothing(t *testing.T) {
	path := filepath.Join(t.TempDir(), "in")
	write(t, path, []byte(`{} {"carrier":"ghost"}`+"\n"+`{"carrier":"AA"}`+"\n{\n"+`{"carrier":"UA"}`+"\n"))
	got, _ := mustRead(t, JSONLines[flight](path, SkipMalformed()), "in", nil)
	if want := []flight{{Carrier: "AA"}, {Carrier: "UA"}}; !same(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}
