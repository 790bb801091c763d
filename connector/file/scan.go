package file

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/weirstream/weir"
)

const (
	// minBuffer is the buffer of a file that says little, of which there may be many.
	minBuffer = 4 << 10
	// bufferBytes is how much is read at once of a file that says much. Only a longer line
	// makes the buffer grow beyond.
	bufferBytes = 128 << 10
)

// scanner cuts content into lines and knows where it is.
//
// Invariant: of what was read, buf[next:end] has not been given out, and buf[:next] ends
// with the last tailBytes bytes before it, or with all there are.
type scanner struct {
	in      *content
	maxLine int

	buf    []byte
	next   int   // the next line begins here
	clean  int   // there is no newline in buf[next:clean]
	end    int   // of what was read
	offset int64 // of buf[next] in the content
	lines  int64 // before buf[next]

	open     bool     // the line before buf[next] was given out without its newline
	dropping bool     // the rest of a line is being passed over
	held     position // while dropping: before that line
}

// newScanner goes to the position at and makes sure that what lies before it is what was
// read then.
func newScanner(ctx context.Context, in *content, at position, maxLine int) (*scanner, error) {
	s := &scanner{in: in, maxLine: maxLine, offset: at.offset, lines: at.lines, open: at.open}
	if at.offset == 0 {
		return s, nil
	}
	n := int(at.tailLen())
	err := in.skip(ctx, at.offset-int64(n))
	if in.known && (in.z != nil) != at.gzip {
		return nil, s.changed("replaced: it was %s and is %s", kind(at.gzip), kind(!at.gzip))
	}
	if err == nil {
		s.buf = make([]byte, minBuffer)
		_, err = io.ReadFull(in, s.buf[:n])
		if err == io.EOF || err == io.ErrUnexpectedEOF {
			err = errShort
		}
	}
	if errors.Is(err, errShort) {
		return nil, s.changed("truncated")
	}
	if err != nil {
		return nil, err
	}
	if checksum(s.buf[:n]) != at.tail {
		return nil, s.changed("replaced or rewritten: the %d bytes before that are others", n)
	}
	s.next, s.clean, s.end = n, n, n
	return s, nil
}

func kind(gzip bool) string {
	if gzip {
		return "gzip"
	}
	return "plain"
}

func (s *scanner) changed(how string, args ...any) error {
	return weir.Permanent(fmt.Errorf("%s: has been read up to line %d, byte %d, and was since %s; put the old file back, or let the job begin anew", s.in.path, s.lines, s.offset, fmt.Sprintf(how, args...)))
}

// position is before the next line.
func (s *scanner) position() position {
	if s.dropping {
		return s.held
	}
	return position{
		gzip:   s.in.z != nil,
		open:   s.open,
		offset: s.offset,
		lines:  s.lines,
		tail:   checksum(s.buf[max(0, s.next-tailBytes):s.next]),
	}
}

// at is the number of the next line, for people.
func (s *scanner) at() string { return fmt.Sprintf("%s:%d", s.in.path, s.lines+1) }

// malformed blames the next line.
func (s *scanner) malformed(err error) error {
	return weir.Permanent(fmt.Errorf("%s: %w", s.at(), err))
}

// found is a line that peek or rest has found.
type found struct {
	text    []byte // without the line's end; valid until fill
	size    int    // with the line's end
	tooLong bool   // there is no text, and not all of it need be in the buffer
}

// peek looks at the next line, if it is whole in the buffer.
func (s *scanner) peek() (l found, ok bool, err error) {
	if s.open || s.dropping {
		if done, err := s.finishLine(); !done || err != nil {
			return found{}, false, err
		}
	}
	i := bytes.IndexByte(s.buf[s.clean:s.end], '\n')
	if i < 0 {
		s.clean = s.end
		// With its end the longest line has two bytes more.
		if s.end-s.next > s.maxLine+1 {
			return found{tooLong: true}, true, nil
		}
		return found{}, false, nil
	}
	return s.line(s.clean + i + 1), true, nil
}

// rest is what follows the last newline, at the end of the content.
func (s *scanner) rest() found {
	if s.open || s.dropping {
		return found{}
	}
	return s.line(s.end)
}

// line is the next line, up to buf[end].
func (s *scanner) line(end int) found {
	l := found{text: trimEnd(s.buf[s.next:end]), size: end - s.next}
	if len(l.text) > s.maxLine {
		l.text, l.tooLong = nil, true
	}
	return l
}

func trimEnd(b []byte) []byte {
	if n := len(b); n > 0 && b[n-1] == '\n' {
		b = b[:n-1]
	}
	if n := len(b); n > 0 && b[n-1] == '\r' {
		b = b[:n-1]
	}
	return b
}

// take passes over a line that was found by peek.
func (s *scanner) take(l found) {
	if l.tooLong {
		s.held = s.position()
		s.dropping = true
		return
	}
	s.pass(l.size)
	s.lines++
}

// takeRest passes over the line that was found by rest.
func (s *scanner) takeRest(l found) {
	s.take(l)
	s.open = true
}

// finishLine passes over what belongs to the line before: its end, if it was given out
// without one, or all of it if it is being dropped.
func (s *scanner) finishLine() (done bool, err error) {
	b := s.buf[s.next:s.end]
	if s.dropping {
		i := bytes.IndexByte(b, '\n')
		if i < 0 {
			s.pass(len(b))
			return false, nil
		}
		s.pass(i + 1)
		s.lines++
		s.dropping = false
		return true, nil
	}
	switch {
	case len(b) == 0, len(b) == 1 && b[0] == '\r':
		return false, nil
	case b[0] == '\n':
		s.pass(1)
	case b[0] == '\r' && b[1] == '\n':
		s.pass(2)
	default:
		return false, weir.Permanent(fmt.Errorf(
			"%s:%d: the line had no newline and was read as it was; since then it was continued, so a part of it has been processed as a record; put a newline at byte %d to make the rest a record of its own, or let the job begin anew",
			s.in.path, s.lines, s.offset))
	}
	s.open = false
	return true, nil
}

func (s *scanner) pass(n int) {
	s.next += n
	s.clean = max(s.clean, s.next)
	s.offset += int64(n)
}

// fill reads more into the buffer. io.EOF says that nothing more is there now.
func (s *scanner) fill() error {
	if s.buf == nil {
		s.buf = make([]byte, minBuffer)
	}
	if s.next == s.end || s.end == len(s.buf) {
		s.makeRoom()
	}
	n, err := s.in.Read(s.buf[s.end:])
	s.end += n
	if n > 0 {
		return nil // an error comes again
	}
	return err
}

// makeRoom moves what is still needed to the front: of a larger buffer, if this one is
// full and either too small to be quick, or mostly still needed.
func (s *scanner) makeRoom() {
	from := max(0, s.next-tailBytes)
	to := s.buf
	if s.end == len(s.buf) && (len(s.buf) < bufferBytes || s.end-from > len(s.buf)/2) {
		to = make([]byte, 2*len(s.buf))
	}
	copy(to, s.buf[from:s.end])
	s.buf = to
	s.next, s.clean, s.end = s.next-from, s.clean-from, s.end-from
}

// unchanged makes sure, at io.EOF, that the file is still the one that was read.
func (s *scanner) unchanged() error { return s.in.unchanged(s.buf[:s.end]) }
