package connectortest

import (
	"bytes"
	"context"
	"fmt"

	"github.com/weirstream/weir"
)

// cancel: what is called with a context that has ended, or that ends meanwhile, returns;
// and the position is after what was returned and nothing else.
func (s *sourceTest[T]) cancel() error {
	ended, cancel := context.WithCancel(context.Background())
	cancel()
	src := s.New()
	// That it returns is what matters, whatever it says.
	if err := soon("Splits with a context that has ended", s.patience, func() error { _, _ = src.Splits(ended); return nil }); err != nil {
		return err
	}
	for _, id := range s.ids() {
		want := s.Want[id]
		err := soon("Open with a context that has ended", s.patience, func() error {
			if r, err := src.Open(ended, weir.Split{ID: id}); err == nil {
				return r.Close()
			}
			return nil
		})
		if err != nil {
			return err
		}
		for _, before := range []int{0, len(want) / 2, len(want)} {
			if err := s.cancelAfter(src, id, before, ended); err != nil {
				return fmt.Errorf("split %q, after %d records: %w", id, before, err)
			}
		}
	}
	return nil
}

func (s *sourceTest[T]) cancelAfter(src weir.Source[T], id string, before int, ended context.Context) error {
	for _, how := range []string{"has ended", "ends"} {
		r, err := s.open(src, id, nil)
		if err != nil {
			return err
		}
		steps, err := r.until(before, 1, nil)
		if err != nil {
			return err
		}
		ctx := ended
		if how == "ends" {
			var cancel context.CancelFunc
			ctx, cancel = context.WithCancel(context.Background())
			go cancel() // while it reads, or just before
		}
		records := make([]T, 2)
		n := 0
		if err := soon("Read with a context that "+how, s.patience, func() error {
			n, _ = r.reader.Read(ctx, records)
			return nil
		}); err != nil {
			return err
		}
		if n < 0 || n > len(records) {
			return fmt.Errorf("split %q: Read says that it filled %d of %d records", id, n, len(records))
		}
		position := bytes.Clone(r.reader.Position())
		if err := r.reader.Close(); err != nil {
			return fmt.Errorf("close: %w", err)
		}
		got := append(recordsOf(steps), records[:n]...)
		want := s.Want[id]
		if err := same(got, want[:min(len(got), len(want))]); err != nil {
			return err
		}
		if err := s.follow(src, id, position, want[len(got):], 7, len(want)); err != nil {
			return fmt.Errorf("after a Read with a context that %s, which gave %d records: %w", how, n, err)
		}
	}
	return nil
}

// closing: a reader can be closed at any moment, and no other reader minds.
func (s *sourceTest[T]) closing() error {
	src := s.New()
	for _, id := range s.ids() {
		want := s.Want[id]
		other, err := s.open(src, id, nil)
		if err != nil {
			return err
		}
		defer other.reader.Close()
		for _, read := range []int{0, len(want) / 2, s.everything(src, len(want))} {
			r, err := s.open(src, id, nil)
			if err != nil {
				return err
			}
			if _, err := r.until(read, 2, nil); err != nil {
				return err
			}
			if err := r.reader.Close(); err != nil {
				return fmt.Errorf("split %q: close after %d records: %w", id, read, err)
			}
		}
		steps, err := other.until(s.everything(src, len(want)), 3, nil)
		if err == nil {
			err = same(recordsOf(steps), want)
		}
		if err != nil {
			return fmt.Errorf("split %q, while other readers of it were closed: %w", id, err)
		}
	}
	return nil
}

// failing: an error comes again where it came, the position stays where it was, and the
// reader can be closed.
func (s *sourceTest[T]) failing() error {
	if s.Failing == nil {
		return passedOver("the configuration has no source that fails")
	}
	src := s.Failing()
	ids, err := src.Splits(context.Background())
	if err != nil {
		return fmt.Errorf("list splits: %w", err)
	}
	for _, id := range ids {
		for _, batch := range batches {
			before, after, err := s.untilError(src, id, nil, batch)
			if err != nil {
				return err
			}
			for _, at := range []struct {
				when     string
				position []byte
			}{{"before", before}, {"after", after}} {
				if _, _, err := s.untilError(s.Failing(), id, at.position, batch); err != nil {
					return fmt.Errorf("from the position %s the error: %w", at.when, err)
				}
			}
		}
	}
	return nil
}

// untilError reads a split until it fails, and returns the positions after the last
// record and after the error. The second may have passed over what holds no record.
func (s *sourceTest[T]) untilError(src weir.Source[T], id string, from []byte, batch int) (before, after []byte, err error) {
	r, err := s.open(src, id, from)
	if err != nil {
		return nil, nil, err
	}
	before = from
	read := 0
	_, failure := r.until(1<<20, batch, func(st step[T]) error {
		if len(st.records) > 0 {
			before = st.was
			read += len(st.records)
		}
		return nil
	})
	after = bytes.Clone(r.reader.Position())
	if err := r.reader.Close(); err != nil {
		return nil, nil, fmt.Errorf("split %q: close after %v: %w", id, failure, err)
	}
	switch {
	case isVerdict(failure):
		return nil, nil, failure
	case failure == nil:
		return nil, nil, fmt.Errorf("split %q, in batches of %d: no error comes in %d records", id, batch, read)
	case from != nil && read > 0:
		return nil, nil, fmt.Errorf("split %q, in batches of %d: %d records come before the error that came at once", id, batch, read)
	}
	return before, after, nil
}
