package connectortest

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/weirstream/weir"
)

// timestamps: a reader that brings timestamps gives the same records and positions as
// without them.
func (s *sourceTest[T]) timestamps() error {
	for _, id := range s.ids() {
		src := s.New()
		r, err := s.open(src, id, nil)
		if err != nil {
			return err
		}
		timed, ok := r.reader.(weir.TimedReader[T])
		if !ok {
			r.reader.Close()
			return passedOver("the readers bring no timestamps")
		}
		want := s.Want[id]
		got, position, err := s.readTimed(timed, s.everything(src, len(want)))
		r.reader.Close()
		if err == nil {
			err = same(got, want)
		}
		if err != nil {
			return fmt.Errorf("split %q, read with timestamps: %w", id, err)
		}
		if err := s.follow(s.New(), id, position, nil, 3, 0); err != nil {
			return fmt.Errorf("at the end of a split that was read with timestamps: %w", err)
		}
	}
	return nil
}

// readTimed reads n records, or up to the end.
func (s *sourceTest[T]) readTimed(r weir.TimedReader[T], n int) (got []T, position []byte, err error) {
	for idle := 0; len(got) < n; {
		records, times := make([]T, 5), make([]weir.Time, 5)
		m := 0
		err := soon("ReadTimed", s.patience, func() (err error) {
			m, err = r.ReadTimed(context.Background(), records, times)
			return err
		})
		if m < 0 || m > len(records) {
			return nil, nil, verdict{fmt.Errorf("ReadTimed says that it filled %d of %d records", m, len(records))}
		}
		got, position = append(got, records[:m]...), r.Position()
		switch {
		case errors.Is(err, io.EOF):
			return got, position, nil
		case err != nil:
			return nil, nil, err
		case m > 0:
			idle = 0
		case idle > maxIdle:
			return got, position, nil
		default:
			idle++
		}
	}
	return got, position, nil
}

// maxIdle is how often a reader may say that nothing is there now, when there is.
const maxIdle = 10_000

// commits: a reader that commits positions takes them between reads, not all of them, and
// the last one after its end; what it gives is the same.
func (s *sourceTest[T]) commits() error {
	for _, id := range s.ids() {
		src := s.New()
		r, err := s.open(src, id, nil)
		if err != nil {
			return err
		}
		c, ok := r.reader.(weir.Committer)
		if !ok {
			r.reader.Close()
			return passedOver("the readers commit no positions")
		}
		commit := func(position []byte) error {
			return soon("Committed", s.patience, func() error { return c.Committed(context.Background(), position) })
		}
		want := s.Want[id]
		var before [][]byte // positions that are not committed yet
		steps, err := r.until(s.everything(src, len(want)), 2, func(st step[T]) error {
			before = append(before, st.was)
			if len(before) < 3 {
				return nil
			}
			err := commit(before[1]) // one was left out, and one is ahead
			before = before[2:]
			return err
		})
		if err == nil {
			err = same(recordsOf(steps), want)
		}
		if err == nil && len(before) > 0 {
			err = commit(before[len(before)-1])
		}
		if cerr := r.reader.Close(); err == nil {
			err = cerr
		}
		if err != nil {
			return fmt.Errorf("split %q, whose positions are committed: %w", id, err)
		}
	}
	return nil
}
