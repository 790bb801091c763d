package connectortest

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/weirstream/weir"
)

// splits: they are all there, once, under the same ids whenever and by whomever they are
// listed, also while one of them is being read.
func (s *sourceTest[T]) splits() error {
	want := s.ids()
	list := func(src weir.Source[T], when string) error {
		ids, err := src.Splits(context.Background())
		if err != nil {
			return fmt.Errorf("list splits %s: %w", when, err)
		}
		sorted := slices.Sorted(slices.Values(ids))
		for i, id := range sorted {
			if id == "" {
				return fmt.Errorf("%s: a split has an empty id", when)
			}
			if i > 0 && sorted[i-1] == id {
				return fmt.Errorf("%s: split %q is listed twice", when, id)
			}
		}
		if !slices.Equal(sorted, want) {
			return fmt.Errorf("%s: the splits are %q, want %q", when, sorted, want)
		}
		return nil
	}
	src := s.New()
	for _, when := range []string{"the first time", "the second time"} {
		if err := list(src, when); err != nil {
			return err
		}
	}
	if err := list(s.New(), "by a source made anew"); err != nil {
		return err
	}
	for bounded, again := src.Bounded(), 0; again < 3; again++ {
		if src.Bounded() != bounded || s.New().Bounded() != bounded {
			return errors.New("bounded at one time, and not at another")
		}
	}
	for _, id := range want {
		r, err := s.open(src, id, nil)
		if err != nil {
			return err
		}
		if _, err = r.until(min(1, len(s.Want[id])), 1, nil); err == nil {
			err = list(src, "while one is read")
		}
		r.reader.Close()
		if err != nil {
			return err
		}
	}
	return nil
}

// unknownSplit: nothing is read under an id that there is not.
func (s *sourceTest[T]) unknownSplit() error {
	src := s.New()
	known := s.ids()
	tried := []string{"there is no such split", "../there-is-no-such-split", "-1"}
	for _, id := range known {
		tried = append(tried, id+"x", " "+id)
	}
	for _, id := range tried {
		if slices.Contains(known, id) {
			continue
		}
		r, err := s.open(src, id, nil)
		if err != nil {
			continue
		}
		_, err = r.read(context.Background(), 1)
		r.reader.Close()
		if isVerdict(err) {
			return err
		}
		if err == nil {
			return fmt.Errorf("split %q, which there is not, is opened and read without an error", id)
		}
	}
	return nil
}
