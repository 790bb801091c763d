package fsynclint

import (
	"strconv"
	"strings"
)

// A Ref points to a system call of the trace.
type Ref struct {
	Line   Line // where it began
	Ended  Line // where it returned; the same unless strace showed it in two halves
	Thread ThreadID
	Call   string // as the trace has it, joined, without prefix; long ones are cut
}

// before reports whether r had returned when other began.
func (r Ref) before(other Ref) bool { return r.Ended < other.Line }

// A call is a system call that has returned.
type call struct {
	Ref
	name    string
	args    []string
	ret     string // "0", "-1", "0x7f…", "?"
	err     string // "ENOENT"
	retPath string // where -y says what the descriptor is
}

// parseCall reads a record that is complete.
func parseCall(thread ThreadID, begun, ended Line, text string) (call, bool) {
	name, rest, ok := strings.Cut(text, "(")
	if !ok || name == "" {
		return call{}, false
	}
	c := call{name: name, Ref: Ref{Line: begun, Ended: ended, Thread: thread, Call: shorten(text)}}
	from := 0
	add := func(end int) {
		if arg := strings.TrimSpace(rest[from:end]); len(c.args) < maxArgs && arg != "" {
			c.args = append(c.args, arg)
		}
		from = end + 1
	}
	end := closing(rest, 0, add)
	if end < 0 {
		return call{}, false
	}
	add(end)
	_, result, ok := strings.Cut(rest[end+1:], "= ")
	if !ok {
		return call{}, false
	}
	result = strings.TrimSpace(result)
	c.ret, _, _ = strings.Cut(result, " ")
	if i := strings.IndexByte(result, '<'); i > 0 && opensAnnotation(result, i) && !strings.Contains(result[:i], " ") {
		c.ret = result[:i]
		if end := endOfAnnotation(result, i); end > 0 {
			c.retPath = unescape(result[i+1 : end])
		}
	}
	if c.ret == "-1" || c.ret == "?" {
		if f := strings.Fields(result); len(f) > 1 && strings.HasPrefix(f[1], "E") {
			c.err = f[1]
		}
	}
	return c, c.ret != ""
}

// shorten cuts a call that is too long to be shown.
func shorten(text string) string {
	if len(text) > maxText {
		return strings.Clone(strings.ToValidUTF8(text[:maxText-3], "")) + "…"
	}
	return text
}

// failed reports whether the call had no effect.
func (c *call) failed() bool { return c.err != "" || c.ret == "-1" || c.ret == "?" }

// result returns what the call returned, as a number.
func (c *call) result() (int64, bool) {
	n, err := strconv.ParseInt(c.ret, 0, 64)
	return n, err == nil
}

func (c *call) arg(i int) string {
	if i < 0 || i >= len(c.args) {
		return ""
	}
	return c.args[i]
}

// number returns an argument as a number.
func (c *call) number(i int) (int64, bool) {
	n, err := strconv.ParseInt(c.arg(i), 0, 64)
	return n, err == nil
}

// has reports whether flag is among the flags of an argument.
func (c *call) has(i int, flag string) bool {
	for f := range strings.SplitSeq(c.arg(i), "|") {
		if strings.TrimSpace(f) == flag {
			return true
		}
	}
	return false
}

// path returns an argument that is a path. strace always shows paths whole.
func (c *call) path(i int) (string, bool) {
	a := c.arg(i)
	if len(a) < 2 || a[0] != '"' {
		return "", false
	}
	end := endOfString(a, 0)
	if end < 0 || end > maxName {
		return "", false
	}
	return unescape(a[1:end]), true
}

const cwdFD = -100 // AT_FDCWD

// fd returns an argument that is a descriptor, and what -y says about it.
func (c *call) fd(i int) (fd int, path string, ok bool) { return parseFD(c.arg(i)) }

func parseFD(a string) (fd int, path string, ok bool) {
	if i := strings.IndexByte(a, '<'); i > 0 {
		if end := endOfAnnotation(a, i); end > i {
			path = unescape(a[i+1 : end])
			if strings.HasPrefix(a[end+1:], "(deleted)") {
				path += deletedMark
			}
		}
		a = a[:i]
	}
	if a == "AT_FDCWD" {
		return cwdFD, path, true
	}
	n, err := strconv.Atoi(a)
	return n, path, err == nil && n >= 0
}

// deletedMark ends the path of a file that has no name any more.
const deletedMark = "(deleted)"

// field returns a number in an argument that is a structure: "st_size" in {st_size=44, …}.
func (c *call) field(i int, name string) (int64, bool) {
	_, rest, ok := strings.Cut(c.arg(i), name+"=")
	if !ok {
		return 0, false
	}
	end := 0
	for end < len(rest) && '0' <= rest[end] && rest[end] <= '9' {
		end++
	}
	n, err := strconv.ParseInt(rest[:end], 10, 64)
	return n, err == nil
}

// unescape undoes the escapes that strace writes in strings and paths.
func unescape(s string) string {
	if !strings.Contains(s, `\`) {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] != '\\' || i+1 == len(s) {
			b.WriteByte(s[i])
			continue
		}
		i++
		switch c := s[i]; c {
		case 'n':
			b.WriteByte('\n')
		case 't':
			b.WriteByte('\t')
		case 'r':
			b.WriteByte('\r')
		case 'v':
			b.WriteByte('\v')
		case 'f':
			b.WriteByte('\f')
		case 'x':
			end := min(i+3, len(s))
			if n, err := strconv.ParseUint(s[i+1:end], 16, 8); err == nil {
				b.WriteByte(byte(n))
				i = end - 1
			}
		case '0', '1', '2', '3', '4', '5', '6', '7':
			end := i + 1
			for end < min(i+3, len(s)) && '0' <= s[end] && s[end] <= '7' {
				end++
			}
			n, _ := strconv.ParseUint(s[i:end], 8, 16)
			b.WriteByte(byte(n))
			i = end - 1
		default:
			b.WriteByte(c)
		}
	}
	return b.String()
}
