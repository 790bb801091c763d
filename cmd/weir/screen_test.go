package main

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
	"unicode/utf8"

	"github.com/weirstream/weir/durable"
)

// TestPrintable: nothing that a terminal obeys reaches it.
func TestPrintable(t *testing.T) {
	for _, v := range []struct{ in, want string }{
		{"plain text, ümlaut, 日本, 😀", "plain text, ümlaut, 日本, 😀"},
		{"\x1b[31mred", `\u001b[31mred`},
		{"a\nb\tc\rd", `a\nb\tc\u000dd`},
		{"\u009b31m", `\u009b31m`},         // CSI in one character
		{"\u202egnp.exe", `\u202egnp.exe`}, // right to left
		{"\x7f\x00", `\u007f\u0000`},
		{"\xff\xfe", `\xff\xfe`},
		{"\U000e0041", `\udb40\udc41`}, // invisible
		{"soft\u00adhyphen", `soft\u00adhyphen`},
	} {
		if got := printable(v.in); got != v.want {
			t.Errorf("%q is shown as %q, want %q", v.in, got, v.want)
		}
	}
}

// TestJSONIsPrintable: in JSON, what a terminal would obey is escaped, and means the same.
func TestJSONIsPrintable(t *testing.T) {
	var b strings.Builder
	if err := writeJSON(&b, map[string]string{"a": "\u009b1m\u202e<&>\x7f\U000e0041日"}); err != nil {
		t.Fatal(err)
	}
	if got, want := b.String(), `{"a":"\u009b1m\u202e<&>\u007f\udb40\udc41日"}`+"\n"; got != want {
		t.Errorf("wrote %s, want %s", got, want)
	}
}

func TestColorWanted(t *testing.T) {
	for _, v := range []struct {
		noColor, term string
		want          bool
	}{
		{"", "xterm-256color", true},
		{"1", "xterm-256color", false},
		{"", "dumb", false},
	} {
		env := map[string]string{"NO_COLOR": v.noColor, "TERM": v.term}
		if got := colorWanted(func(name string) string { return env[name] }); got != v.want {
			t.Errorf("NO_COLOR=%q, TERM=%q: %t", v.noColor, v.term, got)
		}
	}
}

func TestFold(t *testing.T) {
	for _, v := range []struct {
		text  string
		width int
		want  []string
	}{
		{"short", 40, []string{"short"}},
		{"one two three four five six seven eight", 30, []string{"one two three four five six", "seven eight"}},
		{"one " + strings.Repeat("x", 40) + " two", 30, []string{"one", strings.Repeat("x", 40), "two"}},
		{strings.Repeat("no limit ", 20), 0, []string{strings.Repeat("no limit ", 20)}},
	} {
		if got := fold(v.text, v.width); !slices.Equal(got, v.want) {
			t.Errorf("%q in %d columns is %q, want %q", v.text, v.width, got, v.want)
		}
	}
}

// onTerminal runs a command line as on a terminal.
func onTerminal(width int, color bool, args ...string) (stdout, stderr string, code int) {
	var out, errs strings.Builder
	o, e := newPipe(&out), newPipe(&errs)
	o.live, o.width, o.color = true, width, color
	e.live, e.width, e.color = true, width, color
	code = execute(durable.OS(), args, o, e)
	return out.String(), errs.String(), code
}

var colors = regexp.MustCompile(`\x1b\[\d+m`)

// TestTerminal: colour adds nothing but colour, and tables fit.
func TestTerminal(t *testing.T) {
	dir := filepath.ToSlash(t.TempDir())
	if err := (madeJob{keys: 200, maxBytes: -1}).run(dir, "words", 2, true); err != nil {
		t.Fatal(err)
	}
	if err := small.writeFlinks(dir+"/savepoint-7bd90b-3a2cda6957cb", false, ""); err != nil {
		t.Fatal(err)
	}
	for _, verb := range [][]string{{"ls"}, {"verify"}} {
		args := append(verb, dir)
		colored, _, _ := onTerminal(200, true, args...)
		plain, _, _ := onTerminal(200, false, args...)
		piped, _, _ := run(args...)
		if !colors.MatchString(colored) {
			t.Errorf("%s has no colour", verb)
		}
		if colors.ReplaceAllString(colored, "") != plain || plain != piped {
			t.Errorf("%s says one thing in colour, another in plain, a third in a pipe:\n%s\n%s\n%s", verb, colored, plain, piped)
		}
		narrow, _, _ := onTerminal(80, false, args...)
		for _, line := range lines(narrow) {
			if n := utf8.RuneCountInString(line); n > 80 {
				t.Errorf("%s: %d columns: %s", verb, n, line)
			}
		}
		if !regexp.MustCompile(`(?m)^(\*  )?words  e26755[0-9a-f]*…  chk-2 `).MatchString(narrow) {
			t.Errorf("%s does not shorten the job's id:\n%s", verb, narrow)
		}
	}
	few, _, _ := onTerminal(120, false, "inspect", "--keys", "--state", "count", dir+"/e26755e342920e3b2790c00553617b42")
	if n := strings.Count(few, "\n  count["); n != 100 || !strings.Contains(few, "\n  count: 300 more; --limit 0 shows all\n") {
		t.Errorf("%d entries on a terminal", n)
	}
	many, _, _ := run("inspect", "--keys", "--state", "count", dir+"/e26755e342920e3b2790c00553617b42")
	if n := strings.Count(many, "\n  count["); n != 400 {
		t.Errorf("%d entries in a pipe", n)
	}
}

// TestLongPaths: what was found stands below a path that leaves no room for it.
func TestLongPaths(t *testing.T) {
	dir := filepath.Join(t.TempDir(), strings.Repeat("long-", 12))
	for _, name := range []string{"one", "two"} {
		if err := os.CopyFS(filepath.Join(dir, name), os.DirFS(smallSealed(t, 0))); err != nil {
			t.Fatal(err)
		}
	}
	narrow, _, code := onTerminal(80, false, "verify", filepath.Dir(dir))
	if code != exitGood || !regexp.MustCompile(`(?m)^.*/one  verified\n  no state files`).MatchString(narrow) {
		t.Errorf("exit code %d\n%s", code, narrow)
	}
}

// TestJoinedErrors: each error of errors.Join has a line of its own, and a name cannot make one.
func TestJoinedErrors(t *testing.T) {
	one, two := errors.New("one"), errors.New("two\nlines")
	for _, v := range []struct {
		err  error
		want string
	}{
		{one, "weir: one\n"},
		{errors.Join(one, two), "weir: one\nweir: two\\nlines\n"},
		{fmt.Errorf("%w; %w", one, two), "weir: one; two\\nlines\n"},
		{fmt.Errorf("both: %w", errors.Join(one, one)), "weir: both: one\\none\n"},
	} {
		var said strings.Builder
		errs := newPipe(&said)
		(&tool{errs: errs}).complain(false, v.err)
		errs.Flush()
		if said.String() != v.want {
			t.Errorf("%q, want %q", said.String(), v.want)
		}
	}
}

// A slowFS reads slowly, by the clock of the test.
type slowFS struct{ durable.FS }

func (f slowFS) Open(name string) (durable.Reader, error) {
	r, err := f.FS.Open(name)
	return slowReader{r}, err
}

type slowReader struct{ durable.Reader }

func (r slowReader) ReadAt(p []byte, off int64) (int, error) {
	time.Sleep(progressAfter)
	return r.Reader.ReadAt(p, off)
}

// A lockedBuilder is written by the meter and by the verb.
type lockedBuilder struct {
	mu sync.Mutex
	strings.Builder
}

func (b *lockedBuilder) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.Builder.Write(p)
}

// TestProgress shows how far it is on a terminal, cleans up, and is silent in a pipe.
func TestProgress(t *testing.T) {
	dir := filepath.ToSlash(t.TempDir())
	if err := (madeJob{keys: 200, maxBytes: -1}).run(dir, "words", 1, false); err != nil {
		t.Fatal(err)
	}
	for _, live := range []bool{true, false} {
		synctest.Test(t, func(t *testing.T) { checkProgress(t, dir, live) })
	}
}

func checkProgress(t *testing.T, dir string, live bool) {
	var errs lockedBuilder
	tl := &tool{fsys: slowFS{durable.OS()}, out: newPipe(&strings.Builder{}), errs: &terminal{Writer: bufio.NewWriter(&errs), live: live, width: 80}}
	cmd := tl.rootCommand()
	cmd.SetArgs([]string{"verify", dir})
	if err := cmd.Execute(); err != nil {
		t.Fatal(err)
	}
	got := errs.String()
	if !live {
		if got != "" {
			t.Errorf("in a pipe: %q", got)
		}
		return
	}
	if !regexp.MustCompile(`^\r\x1b\[Kverifying chk-1  \d+%  [\d.]+ K?i?B of [\d.]+ KiB  `).MatchString(got) || !strings.HasSuffix(got, "\r\x1b[K") {
		t.Errorf("on a terminal: %q", got)
	}
}
