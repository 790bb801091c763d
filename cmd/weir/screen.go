package main

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"strings"
	"time"
	"unicode/utf8"

	"golang.org/x/term"

	"github.com/weirstream/weir/internal/bytesize"
	"github.com/weirstream/weir/internal/inspect"
)

// A terminal is standard output or standard error, which may also be a pipe or a file. That
// decides about colour, progress, the width of tables and how much is shown; the words are
// the same.
type terminal struct {
	*bufio.Writer
	live  bool // it is a terminal, and not a pipe or a file
	color bool
	width int // columns; 0 if there is no limit
}

// newTerminal returns f as a terminal.
func newTerminal(f *os.File) *terminal {
	t := &terminal{Writer: bufio.NewWriter(f)}
	if !term.IsTerminal(int(f.Fd())) {
		return t
	}
	t.live = true
	t.color = colorWanted(os.Getenv)
	if width, _, err := term.GetSize(int(f.Fd())); err == nil {
		t.width = width
	}
	return t
}

// colorWanted reports whether the environment lets a terminal have colour; see no-color.org.
func colorWanted(getenv func(string) string) bool {
	return getenv("NO_COLOR") == "" && getenv("TERM") != "dumb"
}

// newPipe returns a pipe to w.
func newPipe(w io.Writer) *terminal { return &terminal{Writer: bufio.NewWriter(w)} }

func (t *terminal) flush() error {
	if err := t.Flush(); err != nil {
		return fmt.Errorf("write the output: %w", err)
	}
	return nil
}

// printf writes into the buffer, whose error comes from Flush.
func (t *terminal) printf(format string, args ...any) { _, _ = fmt.Fprintf(t, format, args...) }

// A tint is the colour of a word.
type tint string

const (
	plain  tint = ""
	green  tint = "\x1b[32m"
	yellow tint = "\x1b[33m"
	red    tint = "\x1b[31m"
	bold   tint = "\x1b[1m"
)

// tinted returns s in a colour, where colours are shown.
func (t *terminal) tinted(c tint, s string) string {
	if !t.color || c == plain {
		return s
	}
	return string(c) + s + "\x1b[0m"
}

// printable returns s with everything escaped that a reader would not see, or a terminal would
// obey. Names and messages come from files, which must not write on the screen.
func printable(s string) string {
	if utf8.ValidString(s) && !strings.ContainsFunc(s, inspect.Hidden) {
		return s
	}
	var out []byte
	for len(s) > 0 {
		r, n := utf8.DecodeRuneInString(s)
		switch {
		case r == utf8.RuneError && n == 1:
			out = append(out, fmt.Sprintf(`\x%02x`, s[0])...)
		case r == '\n':
			out = append(out, `\n`...)
		case r == '\t':
			out = append(out, `\t`...)
		case inspect.Hidden(r):
			out = inspect.AppendEscape(out, r)
		default:
			out = append(out, s[:n]...)
		}
		s = s[n:]
	}
	return string(out)
}

// cut shortens s to n columns on a terminal.
func cut(s string, n int) string {
	if n <= 0 || utf8.RuneCountInString(s) <= n {
		return s
	}
	return string([]rune(s)[:n-1]) + "…"
}

// minFold is the narrowest column that text is folded into.
const minFold = 30

// maxShownEntry is how many characters of an entry are shown on a terminal.
const maxShownEntry = 1000

// entry returns a line about an entry, on a terminal only as much of it as can be read.
func (t *terminal) entry(line string) string {
	if t.live {
		return cut(line, maxShownEntry)
	}
	return line
}

// para writes text: on a terminal folded between words and after an indent, in a pipe in one
// line, so that it can be searched for.
func (t *terminal) para(indent, text string) {
	for _, line := range fold(text, t.width-len(indent)) {
		t.printf("%s%s\n", indent, line)
	}
}

// fold parts text into lines of up to width columns; a word that is longer stays whole.
func fold(text string, width int) []string {
	if width < minFold || utf8.RuneCountInString(text) <= width {
		return []string{text}
	}
	var lines []string
	line, used := "", 0
	for word := range strings.FieldsSeq(text) {
		n := utf8.RuneCountInString(word)
		if used > 0 && used+1+n > width {
			lines = append(lines, line)
			line, used = "", 0
		}
		if used > 0 {
			line += " "
			used++
		}
		line += word
		used += n
	}
	return append(lines, line)
}

// counted returns a number of things: "1 file", "2 files".
func counted(n int, one string) string {
	if n == 1 {
		return "1 " + one
	}
	return bytesize.Grouped(int64(n)) + " " + one + "s"
}

// entryCount returns a number of entries: "1 entry", "2 entries".
func entryCount(n int64) string {
	if n == 1 {
		return "1 entry"
	}
	return bytesize.Grouped(n) + " entries"
}

// clock returns a time for people, in the local zone.
func clock(unix int64) string {
	if unix == 0 {
		return "-"
	}
	return time.Unix(unix, 0).Format(time.DateTime)
}

// orDash returns s, or a dash if it is empty.
func orDash(s string) string {
	if s == "" {
		return "-"
	}
	return printable(s)
}

// listed joins up to n names, and says how many more there are.
func listed(names []string, n int) string {
	more := ""
	if len(names) > n {
		more = fmt.Sprintf(" and %s more", bytesize.Grouped(int64(len(names)-n)))
		names = names[:n]
	}
	return printable(strings.Join(names, ", ")) + more
}
