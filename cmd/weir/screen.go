package main

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"

	"golang.org/x/term"
)

// A terminal is standard output or standard error, which may also be a pipe or a file.
// What it is decides about colour, progress and the width of tables, and about no word.
type terminal struct {
	*bufio.Writer
	live  bool // somebody is looking
	color bool
	width int // columns; 0 if there is no limit
}

// newTerminal finds out what f is.
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

// colorWanted tells whether the environment lets a terminal have colour; see no-color.org.
func colorWanted(getenv func(string) string) bool {
	return getenv("NO_COLOR") == "" && getenv("TERM") != "dumb"
}

// newPipe is a terminal that is none.
func newPipe(w io.Writer) *terminal { return &terminal{Writer: bufio.NewWriter(w)} }

func (t *terminal) flush() error {
	if err := t.Flush(); err != nil {
		return fmt.Errorf("write the output: %w", err)
	}
	return nil
}

func (t *terminal) printf(format string, args ...any) { fmt.Fprintf(t, format, args...) }

// A tint is the colour of a word that people look for.
type tint string

const (
	plain  tint = ""
	green  tint = "\x1b[32m"
	yellow tint = "\x1b[33m"
	red    tint = "\x1b[31m"
	bold   tint = "\x1b[1m"
)

// tinted is s in a colour, where colours are shown.
func (t *terminal) tinted(c tint, s string) string {
	if !t.color || c == plain {
		return s
	}
	return string(c) + s + "\x1b[0m"
}

// obeyed tells whether a terminal might do something else with r than show it: control
// characters, those that turn the direction of writing, and those that are invisible.
func obeyed(r rune) bool { return r != ' ' && !unicode.IsPrint(r) && r != utf8.RuneError }

// printable is s with everything escaped that a terminal would obey. Names and values
// come from files, and whoever wrote those must not write on the screen.
func printable(s string) string {
	clean := true
	for _, r := range s {
		if obeyed(r) || r == utf8.RuneError {
			clean = false
			break
		}
	}
	if clean {
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
		case obeyed(r):
			out = appendUnicodeEscape(out, r)
		default:
			out = append(out, s[:n]...)
		}
		s = s[n:]
	}
	return string(out)
}

// appendUnicodeEscape appends r as JSON and Go escape it.
func appendUnicodeEscape(dst []byte, r rune) []byte {
	if r > 0xFFFF {
		hi, lo := utf16.EncodeRune(r)
		return fmt.Appendf(dst, `\u%04x\u%04x`, hi, lo)
	}
	return fmt.Appendf(dst, `\u%04x`, r)
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

// para writes text, on a terminal folded between words and behind an indent, in a pipe
// in one line, which can be searched for.
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

// grouped is a number with a comma between thousands.
func grouped(n int64) string {
	s := strconv.FormatInt(n, 10)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// counted is a number of things: "1 file", "2 files".
func counted(n int, one string) string {
	if n == 1 {
		return "1 " + one
	}
	return grouped(int64(n)) + " " + one + "s"
}

// entryCount is a number of entries: "1 entry", "2 entries".
func entryCount(n int64) string {
	if n == 1 {
		return "1 entry"
	}
	return grouped(n) + " entries"
}

// clock is a time for people, in their own zone.
func clock(unix int64) string {
	if unix == 0 {
		return "-"
	}
	return time.Unix(unix, 0).Format(time.DateTime)
}

// orDash is s, or a dash where there is nothing.
func orDash(s string) string {
	if s == "" {
		return "-"
	}
	return printable(s)
}

// listed joins up to n names, and says how many there are besides.
func listed(names []string, n int) string {
	more := ""
	if len(names) > n {
		more = fmt.Sprintf(" and %s more", grouped(int64(len(names)-n)))
		names = names[:n]
	}
	return printable(strings.Join(names, ", ")) + more
}
