package connectortest

import (
	"fmt"

	"github.com/weirstream/weir"
)

// taken: a consumer takes visible output away. A commit that comes again for it brings
// nothing back, is no error, and goes on with what was not committed before.
func (s *sinkTest[T]) taken() error {
	if s.world().onlooker().Take == nil {
		return passedOver("the configuration says of no way to take output")
	}
	for _, again := range []struct {
		what                 string
		incarnation, attempt int
	}{{"another attempt", 1, 2}, {"another process", 2, 1}} {
		w, j, first, _, err := s.prepared()
		if err != nil {
			return err
		}
		if err := j.complete(1); err != nil {
			return err
		}
		if err := w.take(4); err != nil {
			return err
		}
		if err := j.close(); err != nil {
			return err
		}
		c := at(weir.Incarnation(again.incarnation), again.attempt)
		if j, err = w.start(c, 3, first); err != nil {
			return fmt.Errorf("%s, after a consumer has taken all output of its checkpoint: %w", again.what, err)
		}
		if err := w.shows(0); err != nil {
			return fmt.Errorf("%s, after a consumer has taken all output: %w", again.what, err)
		}
		if err := j.deal(8, 9); err != nil {
			return err
		}
		if _, err := j.prepare(3); err != nil {
			return err
		}
		if err := j.complete(3); err != nil {
			return fmt.Errorf("%s, which goes on after a consumer has taken output: %w", again.what, err)
		}
		if err := w.shows(0, 8, 9); err != nil {
			return fmt.Errorf("%s, which goes on after a consumer has taken output: %w", again.what, err)
		}
		// Some was taken, and some was not committed before.
		w, j, first, both, err := s.prepared()
		if err != nil {
			return err
		}
		if err := j.complete(1); err != nil {
			return err
		}
		if err := w.take(4); err != nil {
			return err
		}
		if _, err = w.start(c, 1, append(cloned(both), first...)); err != nil {
			return fmt.Errorf("%s, after a consumer has taken part of the output: %w", again.what, err)
		}
		if err := w.shows(0, 4, 5, 6, 7); err != nil {
			return fmt.Errorf("%s, after a consumer has taken part of the output: %w", again.what, err)
		}
	}
	return nil
}

// take takes what is visible, which are so many records.
func (w *world[T]) take(records int) error {
	if err := w.shows(records); err != nil {
		return err
	}
	if err := w.onlooker().Take(); err != nil {
		return fmt.Errorf("take the output: %w", err)
	}
	if err := w.shows(0); err != nil {
		return fmt.Errorf("the configuration's Take has not taken the output: %w", err)
	}
	return nil
}
