package file

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"pgregory.net/rapid"

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

func TestLinesReplay(t *testing.T) {
	long := strings.Repeat("0123456789", 30_000)
	tests := []struct {
		name, content string
		want          []string
	}{
		{"nothing", "", nil},
		{"one line", "a\n", []string{"a"}},
		{"no newline at the end", "a\nb", []string{"a", "b"}},
		{"only a newline", "\n", []string{""}},
		{"empty lines", "\n\na\n\n", []string{"", "", "a", ""}},
		{"CRLF", "a\r\nb\r\n\r\nc\n", []string{"a", "b", "", "c"}},
		{"CR in lines", "a\rb\n\r\r\n\r", []string{"a\rb", "\r", ""}},
		{"no UTF-8", "\xff\x00\n\xc0\n", []string{"\xff\x00", "\xc0"}},
		{"long lines", "a\n" + long + "\nb\r\n" + long, []string{"a", long, "b", long}},
	}
	var b strings.Builder
	var many []string
	for i := range 6_000 {
		line := strings.Repeat("x", i%71) + fmt.Sprint(i)
		many = append(many, line)
		b.WriteString(line + "\n")
	}
	tests = append(tests, struct {
		name, content string
		want          []string
	}{"many lines", b.String(), many})
	for _, p := range packings {
		for _, test := range tests {
			t.Run(p.name+"/"+test.name, func(t *testing.T) {
				t.Parallel()
				path := filepath.Join(t.TempDir(), "in.txt")
				write(t, path, p.pack(test.content))
				wantReplay(t, Lines(path), "in.txt", test.want)
			})
		}
	}
}

type flight struct {
	Carrier string `json:"carrier"`
	Delay   *int   `json:"delay"`
	Stops   []string
}

func TestJSONReplay(t *testing.T) {
	five := 5
	content := `{"carrier":"AA","delay":5}
{"carrier":"UA","Stops":["JFK","LAX"]}

  {"carrier":"日本"}  ` + "\t\r\n" + `{}
{"carrier":"last","unknown":[1,{"a":2}]}`
	want := []flight{{Carrier: "AA", Delay: &five}, {Carrier: "UA", Stops: []string{"JFK", "LAX"}}, {Carrier: "日本"}, {}, {Carrier: "last"}}
	for _, p := range packings {
		t.Run(p.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "in.jsonl")
			write(t, path, p.pack(content))
			wantReplay(t, JSONLines[flight](path), "in.jsonl", want)
		})
	}
}

// Values whose end is only seen behind them, and those that leave a decoder in a hurry.
func TestJSONValues(t *testing.T) {
	path := filepath.Join(t.TempDir(), "in.jsonl")
	write(t, path, []byte("1\n22 \n \t3\r\n\"x\"\n[1,2]\ntrue \n{\"a\":1}\n44"))
	wantReplay(t, JSONLines[any](path), "in.jsonl",
		[]any{1., 22., 3., "x", []any{1., 2.}, true, map[string]any{"a": 1.}, 44.})
}

// A decoded record has nothing of the one that was in its place before.
func TestJSONRecordsAreClean(t *testing.T) {
	path := filepath.Join(t.TempDir(), "in.jsonl")
	write(t, path, []byte(`{"carrier":"AA","Stops":["JFK"]}`+"\n{}\n"))
	r, err := JSONLines[flight](path).Open(t.Context(), weir.Split{ID: "in.jsonl"})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	records := []flight{{Carrier: "old", Stops: []string{"old"}}, {Carrier: "old", Stops: []string{"old"}}}
	if n, err := r.Read(t.Context(), records); n != 2 || err != nil {
		t.Fatal(n, err)
	}
	if want := []flight{{Carrier: "AA", Stops: []string{"JFK"}}, {}}; !reflect.DeepEqual(records, want) {
		t.Errorf("got %+v, want %+v", records, want)
	}
}

// Any content, cut into lines by bytes, is what the source gives, from anywhere.
func TestLinesAnyContent(t *testing.T) {
	dir := t.TempDir()
	rapid.Check(t, func(rt *rapid.T) {
		content := strings.Join(rapid.SliceOfN(rapid.OneOf(
			rapid.SampledFrom([]string{"\n", "\r", "\r\n", "a", ""}),
			rapid.Map(rapid.IntRange(0, 9000), func(n int) string { return strings.Repeat("y", n) }),
		), 0, 40).Draw(rt, "content"), "")
		var want []string
		for rest := content; rest != ""; {
			line, after, _ := strings.Cut(rest, "\n")
			want, rest = append(want, strings.TrimSuffix(line, "\r")), after
		}
		p := rapid.SampledFrom(packings).Draw(rt, "packing")
		path := filepath.Join(dir, "in")
		write(t, path, p.pack(content))
		wantReplay(rt2{t, rt}, Lines(path), "in", want)
	})
}

// rt2 is a testing.TB that fails as rapid wants it.
type rt2 struct {
	testing.TB
	rt *rapid.T
}

func (t rt2) Fatalf(format string, args ...any) { t.rt.Fatalf(format, args...) }
func (t rt2) Fatal(args ...any)                 { t.rt.Fatal(args...) }

func TestSplits(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"b.txt", "a.txt", ".hidden", "_SUCCESS", "c.gz"} {
		write(t, filepath.Join(dir, name), nil)
	}
	if err := os.MkdirAll(filepath.Join(dir, "folder", "below"), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(filepath.Join(dir, "a.txt"), filepath.Join(dir, "link.txt")); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(filepath.Join(dir, "folder"), filepath.Join(dir, "linked-folder")); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		path string
		want []string
	}{
		{dir, []string{"a.txt", "b.txt", "c.gz", "link.txt"}},
		{dir + "/", []string{"a.txt", "b.txt", "c.gz", "link.txt"}},
		{filepath.Join(dir, "b.txt"), []string{"b.txt"}},
		{filepath.Join(dir, "_SUCCESS"), []string{"_SUCCESS"}}, // asked for by name
		{filepath.Join(dir, "folder"), nil},
	} {
		got, err := Lines(test.path).Splits(t.Context())
		if err != nil || !same(got, test.want) {
			t.Errorf("%s: got %q, %v, want %q", test.path, got, err, test.want)
		}
	}
	_, err := Lines(filepath.Join(dir, "missing")).Splits(t.Context())
	wantPermanent(t, err, "missing")
	if err := os.Remove(filepath.Join(dir, "a.txt")); err != nil {
		t.Fatal(err)
	}
	_, err = Lines(dir).Splits(t.Context())
	wantPermanent(t, err, "link.txt")
	_, err = Lines(dir, MaxLine(0)).Splits(t.Context())
	wantPermanent(t, err, "0 bytes")
}

func TestFolderMoves(t *testing.T) {
	dir := t.TempDir()
	old, moved := filepath.Join(dir, "old"), filepath.Join(dir, "moved")
	if err := os.Mkdir(old, 0o777); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(old, "a"), []byte("1\n2\n3\n"))
	steps, err := read(Lines(old), "a", nil, 2)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(old, moved); err != nil {
		t.Fatal(err)
	}
	got, _ := mustRead(t, Lines(moved), "a", steps[0].position)
	if !same(got, []string{"3"}) {
		t.Errorf("got %q", got)
	}
	// The folder's only file, asked for by name, is the same split.
	got, _ = mustRead(t, Lines(filepath.Join(moved, "a")), "a", steps[0].position)
	if !same(got, []string{"3"}) {
		t.Errorf("got %q", got)
	}
}

func TestOpenRefuses(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "a")
	write(t, path, []byte("1\n"))
	_, end := mustRead(t, Lines(dir), "a", nil)
	open := func(path, id string, position []byte) error {
		_, err := Lines(path).Open(t.Context(), weir.Split{ID: id, Position: position})
		return err
	}
	wantPermanent(t, open(path, "b", nil), "another file, b")
	for _, id := range []string{"", ".", "..", "../a", "x/y"} {
		wantPermanent(t, open(dir, id, nil), "not the name of a file")
	}
	wantPermanent(t, open(dir, "gone", nil), "gone")
	wantPermanent(t, open(dir, "gone", end), "gone", "read up to line 1")
	wantPermanent(t, open(dir, "a", []byte{}), "position")
	wantPermanent(t, open(dir, "a", []byte{9, 9, 9}), "version 9")
	if err := os.Mkdir(filepath.Join(dir, "folder"), 0o777); err != nil {
		t.Fatal(err)
	}
	wantPermanent(t, open(dir, "folder", nil), "not a regular file")
}

// What is appended between two runs is all that the second one reads.
func TestGrowth(t *testing.T) {
	for _, p := range packings {
		t.Run(p.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "in")
			write(t, path, p.pack("1\n2\n"))
			got, end := mustRead(t, Lines(path), "in", nil)
			if !same(got, []string{"1", "2"}) {
				t.Fatalf("got %q", got)
			}
			for _, more := range []struct {
				content string
				want    []string
			}{{"", nil}, {"3\n", []string{"3"}}, {"4\r\n5\n", []string{"4", "5"}}} {
				add(t, path, p.pack(more.content))
				got, end = mustRead(t, Lines(path), "in", end)
				if !same(got, more.want) {
					t.Errorf("got %q, want %q", got, more.want)
				}
			}
		})
	}
}

// A last line without its newline is a record; if it gets the newline it was all of it,
// and if it is continued that is an error, not a record too many or too few.
func TestGrowthOfLastLine(t *testing.T) {
	for _, p := range packings {
		for _, test := range []struct {
			first, more string
			want        []string // nil: an error
		}{
			{"1\n2", "\n3\n", []string{"3"}},
			{"1\n2", "\r\n3", []string{"3"}},
			{"1\n2\r", "\n3\n", []string{"3"}},
			{"1\n2", "\n", []string{}},
			{"1\n2", "\r", []string{}},
			{"1\n2", "3\n", nil},
			{"1\n2", "\r3\n", nil},
			{"1\n2\r", "3\n", nil},
			{"2", "\n\n", []string{""}},
		} {
			t.Run(p.name+fmt.Sprintf("/%q then %q", test.first, test.more), func(t *testing.T) {
				path := filepath.Join(t.TempDir(), "in")
				write(t, path, p.pack(test.first))
				got, end := mustRead(t, Lines(path), "in", nil)
				if got[len(got)-1] != "2" {
					t.Fatalf("got %q", got)
				}
				again, _ := mustRead(t, Lines(path), "in", end)
				if len(again) != 0 {
					t.Fatalf("read again: %q", again)
				}
				add(t, path, p.pack(test.more))
				steps, err := read(Lines(path), "in", end, 10)
				if test.want == nil {
					wantPermanent(t, err, path+":", "was continued")
					return
				}
				if err != nil {
					t.Fatal(err)
				}
				got = nil
				for _, s := range steps {
					got = append(got, s.records...)
				}
				if !same(got, test.want) {
					t.Fatalf("got %q, want %q", got, test.want)
				}
			})
		}
	}
}

// The end of a last line that was read without it is not a line of its own.
func TestLineNumbersAfterGrowth(t *testing.T) {
	path := filepath.Join(t.TempDir(), "in")
	write(t, path, []byte("{}\n{}"))
	_, end := mustRead(t, JSONLines[flight](path), "in", nil)
	add(t, path, []byte("\n{}\nbad\n"))
	_, err := read(JSONLines[flight](path), "in", end, 10)
	wantPermanent(t, err, path+":4: ")
}

// What was read must still be there.
func TestChangedFilesAreRefused(t *testing.T) {
	content := strings.Repeat("0123456789\n", 50)
	tests := []struct {
		name   string
		change func(t *testing.T, path string, p packing)
		words  string
	}{
		{"truncated", func(t *testing.T, path string, p packing) { write(t, path, p.pack(content[:22])) }, "truncated"},
		{"emptied", func(t *testing.T, path string, p packing) { write(t, path, nil) }, ""},
		{"replaced", func(t *testing.T, path string, p packing) {
			write(t, path, p.pack(strings.ReplaceAll(content, "5", "x")))
		}, "replaced or rewritten"},
		{"one byte other", func(t *testing.T, path string, p packing) {
			write(t, path, p.pack(content[:540]+"x"+content[541:]))
		}, "replaced or rewritten"},
		{"packed otherwise", func(t *testing.T, path string, p packing) {
			if p.name == "plain" {
				write(t, path, zip(content))
			} else {
				write(t, path, []byte(content))
			}
		}, "replaced: it was"},
	}
	for _, p := range packings {
		for _, test := range tests {
			t.Run(p.name+"/"+test.name, func(t *testing.T) {
				path := filepath.Join(t.TempDir(), "in")
				write(t, path, p.pack(content))
				got, end := mustRead(t, Lines(path), "in", nil)
				if len(got) != 50 {
					t.Fatal(len(got))
				}
				test.change(t, path, p)
				_, err := read(Lines(path), "in", end, 10)
				wantPermanent(t, err, path, "line 50", test.words)
			})
		}
	}
}

func TestTruncatedWhileRead(t *testing.T) {
	path := filepath.Join(t.TempDir(), "in")
	write(t, path, bytes.Repeat([]byte("0123456789\n"), 50_000))
	r, err := Lines(path).Open(t.Context(), weir.Split{ID: "in"})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if _, err := r.Read(t.Context(), make([]string, 10)); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(path, 100); err != nil {
		t.Fatal(err)
	}
	for err == nil {
		_, err = r.Read(t.Context(), make([]string, 10))
	}
	wantPermanent(t, err, path, "truncated")
}

func TestDamagedGzip(t *testing.T) {
	whole := zip(strings.Repeat("some line or other\n", 10_000))
	flipped := bytes.Clone(whole)
	flipped[len(flipped)-6] ^= 1 // of the checksum
	for name, test := range map[string]struct {
		content []byte
		words   string
	}{
		"cut in the data":      {whole[:len(whole)/2], "ends in the middle"},
		"cut in the trailer":   {whole[:len(whole)-3], "ends in the middle"},
		"cut in the header":    {whole[:5], "ends in the middle"},
		"cut in the next":      {append(bytes.Clone(whole), whole[:15]...), "ends in the middle"},
		"wrong checksum":       {flipped, "checksum"},
		"something behind":     {append(bytes.Clone(whole), "plain text, longer than a header\n"...), "invalid header"},
		"damaged in the data":  {append(append(bytes.Clone(whole[:100]), 0xff, 0xff, 0xff, 0xff, 0xff, 0xff), whole[106:]...), ""},
		"nothing but the name": {[]byte{0x1f, 0x8b}, "ends in the middle"},
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
			wantReplay(t, src, "in", want)
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
