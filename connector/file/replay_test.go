package file

import (
	"fmt"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/weirstream/weir"
	"github.com/weirstream/weir/connector/connectortest"
)

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
				path := filepath.Join(t.TempDir(), "in")
				write(t, path, p.pack(test.content))
				connectortest.Source(t, conforming(func() weir.Source[string] { return Lines(path) }, test.want))
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
			path := filepath.Join(t.TempDir(), "in")
			write(t, path, p.pack(content))
			c := conforming(func() weir.Source[flight] { return JSONLines[flight](path) }, want)
			malformed := filepath.Join(t.TempDir(), "in")
			write(t, malformed, p.pack(content+"\n{}\n\n{\n{}\n"))
			c.Failing = func() weir.Source[flight] { return JSONLines[flight](malformed) }
			connectortest.Source(t, c)
		})
	}
}

// Values whose end is only seen behind them, and those that leave a decoder in a hurry.
func TestJSONValues(t *testing.T) {
	path := filepath.Join(t.TempDir(), "in")
	write(t, path, []byte("1\n22 \n \t3\r\n\"x\"\n[1,2]\ntrue \n{\"a\":1}\n44"))
	connectortest.Source(t, conforming(func() weir.Source[any] { return JSONLines[any](path) },
		[]any{1., 22., 3., "x", []any{1., 2.}, true, map[string]any{"a": 1.}, 44.}))
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
		if err := conforming(func() weir.Source[string] { return Lines(path) }, want).Check(); err != nil {
			rt.Fatal(err)
		}
	})
}

// A folder is its files, and a file that is followed is all that is there so far.
func TestFolderAndFollow(t *testing.T) {
	for _, p := range packings {
		t.Run(p.name, func(t *testing.T) {
			dir := t.TempDir()
			write(t, filepath.Join(dir, "a.txt"), p.pack("1\n2\n3\n4\n5\n"))
			write(t, filepath.Join(dir, "b.txt"), p.pack("6\n7\n"))
			write(t, filepath.Join(dir, "empty"), p.pack(""))
			want := map[string][]string{"a.txt": {"1", "2", "3", "4", "5"}, "b.txt": {"6", "7"}, "empty": nil}
			for name, opts := range map[string][]Option{"bounded": nil, "followed": {Follow()}} {
				t.Run(name, func(t *testing.T) {
					t.Parallel() // who follows waits most of the time
					connectortest.Source(t, connectortest.SourceConfig[string]{
						New:  func() weir.Source[string] { return Lines(dir, opts...) },
						Want: want,
					})
				})
			}
		})
	}
}
