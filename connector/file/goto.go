package file

import (
	"context"
	"errors"
	"io"
	"time"
)

// The ways in which a file is not the one that was read.
var (
	errShort   = errors.New("it is shorter than what was read of it")
	errDiffers = errors.New("its content is not what was read of it")
)

// goTo reads on from the beginning to a position, until a point in time, and reports
// whether it has come there. Everything before the position must be what was read then:
// otherwise it returns errShort or errDiffers.
func (s *scanner) goTo(ctx context.Context, at position, until time.Time) (done bool, err error) {
	for s.offset < at.n {
		if s.next == s.end {
			if err := ctx.Err(); err != nil {
				return false, err
			}
			if time.Now().After(until) {
				return false, nil
			}
			if err := s.fill(); err == io.EOF {
				return false, errShort
			} else if err != nil {
				return false, err
			}
		}
		stop := at.n
		if s.offset < at.mark.n {
			stop = at.mark.n
		}
		n := int(min(int64(s.end-s.next), stop-s.offset))
		if at.old {
			s.tail = lastOf(s.tail, s.buf[s.next:s.next+n], tailBytes)
		}
		s.pass(n)
		if s.offset == stop || s.digest.n < headBytes {
			s.settle()
		}
		if !at.old && (s.offset == at.mark.n && s.digest.all != at.mark.all || s.digest.n >= headBytes && at.n >= headBytes && s.digest.head != at.head) {
			return false, errDiffers // there is no need to read on
		}
	}
	if at.old && checksum(s.tail) != at.tail || !at.old && !s.digest.of(&at.digest) {
		return false, errDiffers
	}
	s.lines, s.open, s.tail = at.lines, at.open, nil
	s.restart()
	return true, nil
}

// seek goes to a position without looking at what lies before it. The content is plain.
func (s *scanner) seek(at position) error {
	if err := s.in.tape.recall(at.n); err != nil {
		if err == io.EOF {
			err = errShort
		}
		return err
	}
	s.next, s.end, s.summed = 0, 0, 0
	s.offset, s.lines, s.open, s.digest = at.n, at.lines, at.open, at.digest
	s.restart()
	return nil
}

// header returns the first record that is not blank, if it lies before a place in the
// content. What is before it has been passed over.
func (s *scanner) header(before int64) (l line, ok bool, err error) {
	for s.offset < before {
		l, found, err := s.peek()
		switch {
		case err != nil:
			return line{}, false, err
		case !found:
			if err := s.fill(); err == io.EOF {
				return line{}, false, errShort
			} else if err != nil {
				return line{}, false, err
			}
		case s.offset+int64(l.size) > before:
			return line{}, false, nil
		case l.tooLong || len(l.text) > 0:
			return l, true, nil
		default:
			s.take(l)
		}
	}
	return line{}, false, nil
}

// lastOf returns the last n bytes of what was and what has come.
func lastOf(was, come []byte, n int) []byte {
	if len(come) >= n {
		return append(was[:0], come[len(come)-n:]...)
	}
	was = append(was, come...)
	if over := len(was) - n; over > 0 {
		was = append(was[:0], was[over:]...)
	}
	return was
}
