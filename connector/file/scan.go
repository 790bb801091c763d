package file

import (
	"bytes"
	"fmt"

	"github.com/weirstream/weir"
)

const (
	// minBuffer is the buffer of a file that says little, of which there may be many.
	minBuffer = 4 << 10
	// bufferBytes is how much is read at once of a file that says much. Only a longer line
	// makes the buffer grow beyond.
	bufferBytes = 128 << 10
)

// A cutter finds where records end that are not simply lines.
type cutter interface {
	// end looks at the bytes that follow those it has seen, and returns how many of them
	// belong to the record with its end, or -1 if it does not end in them.
	end(b []byte) int
	// begin says that the next byte begins a record.
	begin()
}

// scanner cuts content into records and knows where it is. A record is a line, unless
// there is a cutter.
//
// Invariants: of what was read, buf[next:end] has not been given out; digest is of
// everything up to buf[summed], and summed is not beyond next.
type scanner struct {
	in      *content
	cut     cutter // nil: lines
	maxLine int

	buf    []byte
	next   int   // the next record begins here
	clean  int   // no record ends in buf[next:clean]
	size   int   // of the next record, if it was found; else 0
	end    int   // of what was read
	offset int64 // of buf[next] in the content
	lines  int64 // before buf[next]

	digest digest
	summed int

	open     bool     // the line before buf[next] was given out without its newline
	dropping bool     // the rest of a line is being passed over
	held     position // while dropping: before that line

	tail []byte // while going to a position of version 1: the last bytes before buf[next]
}

func newScanner(in *content, cut cutter, maxLine int) *scanner {
	return &scanner{in: in, cut: cut, maxLine: maxLine}
}

// settle brings the digest up to the next record.
func (s *scanner) settle() {
	s.digest.add(s.buf[s.summed:s.next])
	s.summed = s.next
}

// position is before the next record. It says nothing of the file.
func (s *scanner) position() position {
	if s.dropping {
		return s.held
	}
	s.settle()
	return position{digest: s.digest, lines: s.lines, open: s.open}
}

// at is the number of the next line, for people.
func (s *scanner) at() string { return fmt.Sprintf("%s:%d", s.in.tape.path, s.lines+1) }

// malformed blames the next line.
func (s *scanner) malformed(err error) error {
	return weir.Permanent(fmt.Errorf("%s: %w", s.at(), err))
}

// A line is a record that peek or rest has found.
type line struct {
	text    []byte // without its end; valid until fill
	size    int    // with its end
	tooLong bool   // there is no text, and not all of it need be in the buffer
}

// peek looks at the next record, if it is whole in the buffer.
func (s *scanner) peek() (l line, ok bool, err error) {
	if s.open || s.dropping {
		if done, err := s.finishLine(); !done || err != nil {
			return line{}, false, err
		}
	}
	if s.offset == 0 && s.in.bom > 0 && s.end-s.next >= s.in.bom {
		s.pass(s.in.bom)
	}
	if s.size == 0 {
		n := s.find(s.buf[s.clean:s.end])
		if n < 0 {
			s.clean = s.end
			// With its end the longest line has two bytes more.
			if s.end-s.next > s.maxLine+1 {
				return line{tooLong: true}, true, nil
			}
			return line{}, false, nil
		}
		s.size = s.clean + n - s.next
	}
	return s.line(s.next + s.size), true, nil
}

func (s *scanner) find(b []byte) int {
	if s.cut != nil {
		return s.cut.end(b)
	}
	if i := bytes.IndexByte(b, '\n'); i >= 0 {
		return i + 1
	}
	return -1
}

// rest is what follows the last record that has an end, at the end of the content.
func (s *scanner) rest() line {
	if s.open || s.dropping {
		return line{}
	}
	return s.line(s.end)
}

// line is the next record, up to buf[end].
func (s *scanner) line(end int) line {
	l := line{text: trimEnd(s.buf[s.next:end]), size: end - s.next}
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

// take passes over a record that was found by peek.
func (s *scanner) take(l line) {
	if l.tooLong {
		s.held = s.position()
		s.dropping = true
		s.restart() // its end is looked for from here
		return
	}
	s.passRecord(l.size)
}

// takeRest passes over the record that was found by rest.
func (s *scanner) takeRest(l line) {
	s.take(l)
	s.open = true
}

// finishLine passes over what belongs to the line before: its end, if it was given out
// without one, or all of it if it is being dropped.
func (s *scanner) finishLine() (done bool, err error) {
	b := s.buf[s.next:s.end]
	if s.dropping {
		n := s.find(b)
		if n < 0 {
			s.countLines(b)
			s.pass(len(b))
			return false, nil
		}
		s.passRecord(n)
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
			"%s:%d: the line had no newline and was read as it was; since then it was continued, so a part of it has been processed as a record; put a newline at byte %d to make the rest a record of its own, or start the job without a checkpoint",
			s.in.tape.path, s.lines, s.offset))
	}
	s.open = false
	return true, nil
}

// passRecord passes over a record with its end, which begins or goes on at buf[next].
func (s *scanner) passRecord(n int) {
	s.countLines(s.buf[s.next : s.next+n-1])
	s.lines++
	s.pass(n)
	s.restart()
}

// restart begins a record at buf[next].
func (s *scanner) restart() {
	s.clean, s.size = s.next, 0
	if s.cut != nil {
		s.cut.begin()
	}
}

// countLines counts the lines within a record.
func (s *scanner) countLines(b []byte) {
	if s.cut != nil {
		s.lines += int64(bytes.Count(b, []byte{'\n'}))
	}
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
	to := s.buf
	if s.end == len(s.buf) && (len(s.buf) < bufferBytes || s.end-s.next > len(s.buf)/2) {
		to = make([]byte, max(minBuffer, 2*len(s.buf)))
	}
	s.moveTo(to)
}

func (s *scanner) moveTo(buf []byte) {
	s.settle()
	from := s.next
	copy(buf, s.buf[from:s.end])
	s.buf = buf
	s.next, s.clean, s.end, s.summed = 0, s.clean-from, s.end-from, 0
}

// sleep lets go of what a file that says nothing for a while need not keep.
func (s *scanner) sleep() {
	if s.next == s.end {
		s.settle()
		s.buf, s.next, s.clean, s.end, s.summed = nil, 0, 0, 0, 0
	} else if n := s.end - s.next; n < len(s.buf)/2 {
		s.moveTo(make([]byte, n))
	}
	s.in.sleep()
}
