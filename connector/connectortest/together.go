package connectortest

import (
	"context"
	"errors"
	"fmt"
	"sync"
)

// together: two readers of every split, step by step in turn and then each in a goroutine
// of its own, all of one source. Run it with -race, too.
func (s *sourceTest[T]) together() error {
	src := s.New()
	ids := s.ids()
	readers := make([]*reading[T], 0, 2*len(ids))
	for range 2 {
		for _, id := range ids {
			r, err := s.open(src, id, nil)
			if err != nil {
				return err
			}
			defer r.reader.Close()
			readers = append(readers, r)
		}
	}
	got := make([][]T, len(readers))
	for range 4 {
		for i, r := range readers {
			if len(got[i]) >= len(s.Want[r.split]) {
				continue
			}
			st, err := r.read(context.Background(), 1+i%2)
			if err != nil {
				return err
			}
			got[i] = append(got[i], st.records...)
		}
	}
	errs := make([]error, len(readers))
	var running sync.WaitGroup
	for i, r := range readers {
		running.Go(func() {
			want := s.Want[r.split]
			steps, err := r.until(s.everything(src, len(want))-len(got[i]), 7, nil)
			if err == nil {
				err = same(append(got[i], recordsOf(steps)...), want)
			}
			if err != nil {
				errs[i] = fmt.Errorf("split %q, while others are read: %w", r.split, err)
			}
		})
	}
	running.Wait()
	return errors.Join(errs...)
}
