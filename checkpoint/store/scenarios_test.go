package store

import "errors"

// A scenario is something that a job manager does, from the state that before
// checkpoints leave.
type scenario struct {
	name           string
	states, retain int
	before         int
	run            func(w *world, s *Store) error
}

// scenarios is everything that it does beside one checkpoint after the other.
var scenarios = []scenario{
	{"retain two", 1, 2, 2, func(w *world, s *Store) error { return w.cycle(s) }},
	{"retain two, twice", 1, 2, 2, func(w *world, s *Store) error {
		return errors.Join(w.cycle(s), w.cycle(s))
	}},
	{"the second of two", 2, 2, 1, func(w *world, s *Store) error { return w.cycle(s) }},
	{"the first ever", 2, 2, 0, func(w *world, s *Store) error { return w.cycle(s) }},
	{"no state file", 0, 1, 1, func(w *world, s *Store) error { return w.cycle(s) }},
	{"abort, then another", 1, 1, 1, func(w *world, s *Store) error {
		p, err := w.begin(s)
		if err != nil {
			return err
		}
		if _, err := write(p, 1); err != nil {
			return err
		}
		w.tell(toldAborted, p.of)
		return errors.Join(p.Abort(), w.cycle(s))
	}},
	{"two on their way", 1, 1, 1, func(w *world, s *Store) error {
		slow, err := w.begin(s)
		if err != nil {
			return err
		}
		if _, err := write(slow, 1); err != nil {
			return err
		}
		if err := w.cycle(s); err != nil {
			return err
		}
		w.tell(toldAborted, slow.of)
		return slow.Abort()
	}},
	{"a writer fails", 1, 1, 1, func(w *world, s *Store) error {
		p, err := w.begin(s)
		if err != nil {
			return err
		}
		bad := p.NewWriter("bad", 9)
		if _, err := bad.Write([]byte("half of it")); err != nil {
			return err
		}
		bad.Abort()
		blobs, err := write(p, 1)
		if err != nil {
			return err
		}
		if err := p.Publish(metadataOf(p.ID(), blobs), blobs, testNames); err != nil {
			return err
		}
		w.tell(toldComplete, p.of)
		_, err = s.Subsume()
		return err
	}},
	{"close, open, go on", 1, 1, 1, func(w *world, s *Store) error {
		if err := s.Close(); err != nil {
			return err
		}
		s, err := w.restart()
		if err != nil {
			return err
		}
		return w.cycle(s)
	}},
	{"recover on the same store, go on", 1, 2, 2, func(w *world, s *Store) error {
		if _, err := w.begin(s); err != nil {
			return err
		}
		c, err := s.Recover(From{})
		if err != nil {
			return err
		}
		w.tell(toldRestored, c.Seal.Identity)
		return w.cycle(s)
	}},
	{"commits are remembered", 1, 2, 2, func(w *world, s *Store) error {
		if err := w.remember(s, 2); err != nil {
			return err
		}
		for range 2 {
			id, err := w.publish(s)
			if err != nil {
				return err
			}
			if _, err := s.Subsume(); err != nil {
				return err
			}
			if err := w.remember(s, id); err != nil {
				return err
			}
		}
		return nil
	}},
	{"start from nothing", 1, 1, 1, func(w *world, s *Store) error {
		if err := s.Close(); err != nil {
			return err
		}
		s, _, err := start(w.fs, w.opts(), From{None: true})
		if err != nil {
			return err
		}
		return w.cycle(s)
	}},
}

func (w *world) begin(s *Store) (*Pending, error) {
	p, err := s.Begin()
	if err == nil {
		w.tell(toldBegun, p.of)
	}
	return p, err
}

// restart opens and recovers, and tells the world what was restored.
func (w *world) restart() (*Store, error) {
	s, c, err := start(w.fs, w.opts(), From{})
	if err == nil && c != nil {
		w.tell(toldRestored, c.Seal.Identity)
	}
	return s, err
}
