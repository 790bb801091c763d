package fsynclint

import (
	"bufio"
	"errors"
	"io"
	"strconv"
	"strings"
)

// A Line is the number of a line of the trace, from 1.
type Line int

// A ThreadID is what strace calls pid; 0 where the trace has only one and does not
// name it.
type ThreadID int

// maxPID is the largest process id of Linux; a larger number in front of a line is a
// time.
const maxPID = 1 << 22

// A lineReader reads lines of any length and keeps the first maxLine bytes of each.
type lineReader struct {
	r    *bufio.Reader
	line Line
	cut  int // lines that were longer
}

// next returns a line without its end. The error is io.EOF at the end, or that of the
// reader.
func (l *lineReader) next() (string, error) {
	var kept []byte
	long := false
	for {
		part, err := l.r.ReadSlice('\n')
		if room := maxLine - len(kept); len(part) > room {
			kept, long = append(kept, part[:room]...), true
		} else {
			kept = append(kept, part...)
		}
		if errors.Is(err, bufio.ErrBufferFull) {
			continue
		}
		if err != nil && (!errors.Is(err, io.EOF) || len(kept) == 0) {
			return "", err
		}
		break
	}
	l.line++
	if long {
		l.cut++
	}
	return strings.TrimRight(string(kept), "\r\n"), nil
}

// A prefix is what strace puts in front of a call: the thread, and times that are not needed
// here.
type prefix struct {
	thread ThreadID
	named  bool // the thread is named
}

// cutPrefix takes the prefix off a line: "[pid N]" as on a terminal or "N" as with -o,
// each perhaps with the command's name after it, times as of -t, -tt, -ttt, -r and
// --absolute-timestamps, the instruction pointer of -i, the number of -n; and the mark
// of a quotation in a mail.
func cutPrefix(s string) (prefix, string) {
	var p prefix
	s = strings.TrimLeft(s, " \t")
	for strings.HasPrefix(s, ">") {
		s = strings.TrimLeft(s[1:], " \t")
	}
	for first := true; s != ""; first = false {
		if rest, ok := strings.CutPrefix(s, "[pid"); ok && first {
			inside, after, ok := strings.Cut(rest, "]")
			inside, _, _ = strings.Cut(strings.TrimSpace(inside), "<")
			n, err := strconv.Atoi(inside)
			if !ok || err != nil || n < 0 {
				return p, s
			}
			p = prefix{ThreadID(n), true}
			s = strings.TrimLeft(after, " ")
			continue
		}
		if s[0] == '[' {
			inside, after, ok := strings.Cut(s[1:], "]")
			if !ok || strings.Trim(inside, " 0123456789abcdef?") != "" {
				return p, s
			}
			s = strings.TrimLeft(after, " ")
			continue
		}
		token, after, _ := strings.Cut(s, " ")
		pid, _, _ := strings.Cut(token, "<")
		if n, err := strconv.Atoi(pid); first && err == nil && n >= 0 && n <= maxPID && pid[0] != '+' {
			p = prefix{ThreadID(n), true}
		} else if !isTime(token) {
			return p, s
		}
		s = strings.TrimLeft(after, " ")
	}
	return p, s
}

// isTime reports whether a word in front of a call is a time: digits with some of what
// times are written with.
func isTime(token string) bool {
	return strings.Trim(token, "0123456789:.+-()TZ") == "" && token != "" &&
		(strings.ContainsAny(token, "0123456789") || token == "(+") &&
		!strings.HasPrefix(token, "+++") && !strings.HasPrefix(token, "---")
}

// begins reports whether a line without its prefix is the beginning of a record: a call, the
// rest of one, a signal or an exit.
func begins(s string) bool {
	if strings.HasPrefix(s, "<... ") || strings.HasPrefix(s, "+++ ") || strings.HasPrefix(s, "--- ") || strings.HasPrefix(s, "???") {
		return true
	}
	for i := range len(s) {
		switch c := s[i]; {
		case c == '(':
			return i > 0
		case c == '_', 'a' <= c && c <= 'z', i > 0 && '0' <= c && c <= '9':
		default:
			return false
		}
	}
	return false
}
