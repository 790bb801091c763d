package file

import (
	"context"
	"fmt"
	"io"
	"time"
)

// pollInterval is how often a followed file is looked at.
const pollInterval = 50 * time.Millisecond

// reader reads one file.
type reader[T any] struct {
	scan   *scanner
	decode decoder[T]
	follow bool
	skips  *skips // nil: a malformed line is an error
	ended  bool
}

// Read returns the records of the lines that are whole in the buffer. Only if there are
// none it reads more, and only if nothing more is there and the file is followed it waits.
func (r *reader[T]) Read(ctx context.Context, records []T) (int, error) {
	if len(records) == 0 {
		return 0, nil
	}
	waited := false
	for !r.ended {
		n, err := r.buffered(records)
		if n > 0 || err != nil {
			return n, err
		}
		if err := ctx.Err(); err != nil {
			return 0, err
		}
		err = r.scan.fill()
		if err == nil {
			continue
		}
		if err != io.EOF {
			return 0, err
		}
		if err := r.scan.unchanged(); err != nil {
			return 0, err
		}
		switch {
		case !r.follow:
			return r.last(records)
		case waited:
			return 0, nil
		}
		if err := wait(ctx, pollInterval); err != nil {
			return 0, err
		}
		// What was truncated and written anew in the meantime must not be read on.
		if err := r.scan.unchanged(); err != nil {
			return 0, err
		}
		waited = true
	}
	return 0, io.EOF
}

func wait(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}

// buffered fills records from the lines that are whole in the buffer. An error waits
// until the records before it have been given out.
func (r *reader[T]) buffered(records []T) (n int, err error) {
	for n < len(records) {
		l, ok, err := r.scan.peek()
		if !ok || err != nil {
			return n, err
		}
		has, err := r.record(l, &records[n])
		switch {
		case err == nil && has:
			n++
		case err == nil:
		case r.skips != nil:
			r.skips.add(r.scan.at(), err)
		case n > 0:
			return n, nil
		default:
			return 0, r.scan.malformed(err)
		}
		r.scan.take(l)
	}
	return n, nil
}

// last gives out the last line if it has no newline. If no record comes of it, it stays
// unread: it may be half of a line that will be whole the next time.
func (r *reader[T]) last(records []T) (int, error) {
	l := r.scan.rest()
	if l.size > 0 {
		has, err := r.record(l, &records[0])
		switch {
		case err == nil && has:
			r.scan.takeRest(l)
			r.ended = true
			return 1, io.EOF
		case err == nil:
		case r.skips != nil:
			r.skips.add(r.scan.at(), err)
		default:
			return 0, r.scan.malformed(fmt.Errorf("%w (the file ends without a newline: is it still being written?)", err))
		}
	}
	r.ended = true
	return 0, io.EOF
}

// record decodes a line, if it holds a record.
func (r *reader[T]) record(l found, record *T) (bool, error) {
	if l.tooLong {
		return false, fmt.Errorf("the line is longer than %d bytes", r.scan.maxLine)
	}
	return r.decode(l.text, record)
}

func (r *reader[T]) Position() []byte { return r.scan.position().encode() }

func (r *reader[T]) Close() error {
	if r.skips != nil {
		r.skips.sum()
	}
	return r.scan.in.Close()
}
