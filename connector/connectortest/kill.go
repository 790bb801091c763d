package connectortest

import (
	"errors"
	"fmt"
)

// widths is the parallelism of a job, by incarnation in turn.
var widths = []int{2, 3, 1}

// killed: the process ends before each step of the job, without another word, and the one
// that is started then, at another parallelism, before each of its own. What the two leave
// is whole again with the third. Each time once with what is committed remembered, and
// once without.
func (s *sinkTest[T]) killed() error {
	for _, remembers := range []bool{false, true} {
		for k := 1; ; k++ {
			if !s.sample.tries(4) {
				continue
			}
			done, err := s.killedTwice(long, remembers, k, 0)
			if err != nil {
				return fmt.Errorf("killed before step %d: %w", k, err)
			}
			if done {
				break
			}
		}
		if err := s.killedAgain(remembers); err != nil {
			return err
		}
	}
	return nil
}

func (s *sinkTest[T]) killedAgain(remembers bool) error {
	for k := 1; ; k++ {
		if !s.sample.tries(8) {
			continue
		}
		for again := 1; ; again++ {
			if again > 1 && !s.sample.tries(10) {
				if again > maxSteps {
					break
				}
				continue
			}
			done, err := s.killedTwice(short, remembers, k, again)
			if err != nil {
				return fmt.Errorf("killed before step %d and then before step %d: %w", k, again, err)
			}
			if !done {
				continue
			}
			if again == 1 {
				return nil // the first was not killed any more
			}
			break
		}
	}
}

// maxSteps is more than a short life has.
const maxSteps = 100

// killedTwice kills the first process before step k and the second before step again; 0
// lets it live. It reports whether the last of them was not killed any more.
func (s *sinkTest[T]) killedTwice(sc script, remembers bool, k, again int) (done bool, err error) {
	l := s.life(s.world(), sc, widths...)
	l.remembers = remembers
	for _, stop := range []int{k, again} {
		if stop == 0 {
			break
		}
		steps := 0
		l.step = func(string) error {
			if steps++; steps >= stop {
				return errKilled
			}
			return nil
		}
		err := l.whole()
		if err != nil && !errors.Is(err, errKilled) {
			return false, err
		}
		done = err == nil
		if err := l.ahead(); err != nil {
			return false, err
		}
		l = l.next(l.world)
		if done && stop == k {
			break // and there is nothing left to kill
		}
	}
	return done, l.toTheEnd()
}
