package connectortest

import (
	"bytes"
	"context"
	"fmt"
)

// records: each split holds what it is to hold, in its order, whatever the batches.
func (s *sourceTest[T]) records() error {
	for _, id := range s.ids() {
		for _, batch := range batches {
			if err := s.follow(s.New(), id, nil, s.Want[id], batch, len(s.Want[id])); err != nil {
				return err
			}
		}
	}
	return nil
}

// kept: what was given out does not change when more is read. The engine passes batches
// on and reads the next.
func (s *sourceTest[T]) kept() error {
	return s.readAll(func(id string, batch int, steps []step[T]) error {
		if err := same(recordsOf(steps), s.Want[id]); err != nil {
			return fmt.Errorf("split %q, in batches of %d: after all was read: %w", id, batch, err)
		}
		return nil
	})
}

// positions: they do not change either. They wait for the next checkpoint.
func (s *sourceTest[T]) positions() error {
	return s.readAll(func(id string, batch int, steps []step[T]) error {
		for i, st := range steps {
			if !bytes.Equal(st.position, st.was) {
				return fmt.Errorf("split %q, in batches of %d: the position after Read %d was %s, and is %s after all was read", id, batch, i, shown(st.was), shown(st.position))
			}
		}
		return nil
	})
}

// readAll reads every split in every size of batches and lets look see the steps before
// the reader is closed.
func (s *sourceTest[T]) readAll(look func(id string, batch int, steps []step[T]) error) error {
	for _, id := range s.ids() {
		for _, batch := range batches {
			src := s.New()
			r, err := s.open(src, id, nil)
			if err != nil {
				return err
			}
			steps, err := r.until(s.everything(src, len(s.Want[id])), batch, nil)
			if err == nil {
				err = look(id, batch, steps)
			}
			r.reader.Close()
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// Of a split with many records some positions are tried, and of what follows a position
// the beginning: the others have the rest.
const (
	maxPositions = 200 // of one reading; the first and the last are among them
	wholeSplit   = 400 // records; a split with no more is read to its end from everywhere
	window       = 50  // records that are read of a larger one, but for every 50th position
)

// replay: from every position that there was a new reader, of a source made anew, gives
// what followed.
func (s *sourceTest[T]) replay() error {
	for _, id := range s.ids() {
		want := s.Want[id]
		for _, batch := range batches {
			src := s.New()
			r, err := s.open(src, id, nil)
			if err != nil {
				return err
			}
			first := step[T]{was: bytes.Clone(r.reader.Position())} // before anything was read
			steps, err := r.until(s.everything(src, len(want)), batch, nil)
			r.reader.Close()
			if err != nil {
				return err
			}
			read := 0
			for i, st := range append([]step[T]{first}, steps...) {
				read += len(st.records)
				if read > len(want) {
					return fmt.Errorf("split %q: %d records, want %d", id, read, len(want))
				}
				if !chosen(i, len(steps)+1) {
					continue
				}
				limit := len(want)
				if len(want) > wholeSplit && i%50 != 0 {
					limit = window
				}
				again := batches[(i+batch)%len(batches)]
				if err := s.follow(s.New(), id, st.was, want[read:], again, limit); err != nil {
					return fmt.Errorf("after %d records in batches of %d: %w", read, batch, err)
				}
			}
		}
	}
	return nil
}

// chosen spreads maxPositions over n, with the first and the last of them.
func chosen(i, n int) bool {
	const ends = maxPositions / 4
	if n <= maxPositions || i < ends || i >= n-ends {
		return true
	}
	return i%(n/(maxPositions-2*ends)+1) == 0
}

// chain: a job that fails after every batch, and is restarted, reads the same.
func (s *sourceTest[T]) chain() error {
	for _, id := range s.ids() {
		want := s.Want[id]
		for _, batch := range []int{1, 2, 7} {
			if len(want)/batch > maxPositions {
				continue // the larger batches will do
			}
			var position []byte
			var got []T
			for starts := 0; len(got) < len(want); starts++ {
				r, err := s.open(s.New(), id, position)
				if err != nil {
					return fmt.Errorf("after %d records: %w", len(got), err)
				}
				var last step[T]
				_, err = r.until(1, batch, func(st step[T]) error { last = st; return nil })
				r.reader.Close()
				if err != nil {
					return fmt.Errorf("after %d records: %w", len(got), err)
				}
				if len(last.records) == 0 && last.end || starts > len(want) {
					return fmt.Errorf("split %q, opened anew after every Read in batches of %d, ends after %d records, want %d", id, batch, len(got), len(want))
				}
				got, position = append(got, last.records...), last.was
			}
			if err := same(got, want); err != nil {
				return fmt.Errorf("split %q, opened anew after every Read in batches of %d: %w", id, batch, err)
			}
		}
	}
	return nil
}

// end: a bounded split ends, says so whenever it is asked, and a reader that is opened
// there says it, too. An unbounded one has nothing more, and waits no longer than a
// moment to say so.
func (s *sourceTest[T]) end() error {
	for _, id := range s.ids() {
		src := s.New()
		r, err := s.open(src, id, nil)
		if err != nil {
			return err
		}
		defer r.reader.Close()
		want := s.Want[id]
		steps, err := r.until(s.everything(src, len(want)), 3, nil)
		if err != nil {
			return err
		}
		var position []byte
		ended := false
		for _, st := range steps {
			position, ended = st.was, st.end
		}
		if src.Bounded() && !ended {
			return fmt.Errorf("split %q of a bounded source does not end after its %d records", id, len(want))
		}
		again, err := s.open(s.New(), id, position)
		if err != nil {
			return fmt.Errorf("at the end: %w", err)
		}
		defer again.reader.Close()
		for _, at := range []struct {
			when  string
			r     *reading[T]
			ended bool // it has said so
		}{{"at its end", r, ended}, {"opened at its end", again, false}} {
			for range 3 {
				st, err := at.r.read(context.Background(), 3)
				switch {
				case err != nil:
					return fmt.Errorf("%s: %w", at.when, err)
				case len(st.records) > 0:
					return fmt.Errorf("split %q, %s, gives %d records more", id, at.when, len(st.records))
				case at.ended && !st.end:
					return fmt.Errorf("split %q has said that it has ended, and does not say so any more", id)
				}
				at.ended = st.end
			}
			if src.Bounded() && !at.ended {
				return fmt.Errorf("split %q, %s, does not say io.EOF", id, at.when)
			}
		}
	}
	return nil
}
