package file

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/weirstream/weir"
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
			r.ended = true
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
// until the records before it are given out.
func (r *reader[T]) buffered(records []T) (n int, err error) {
	for n < len(records) {
		l, ok, err := r.scan.peek()
		if err == nil && !ok {
			break
		}
		holds := false
		if err == nil {
			if holds, err = r.decode(l.text, &records[n]); err != nil {
				err = r.scan.malformed(err)
			}
		} else if errors.Is(err, errTooLong) {
			err = r.scan.malformed(err)
			if r.skips != nil && n == 0 {
				...
			}
		}
	}
	return n, nil
}
