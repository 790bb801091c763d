package connectortest

import (
	"context"
	"fmt"
	"slices"

	"github.com/weirstream/weir/checkpoint"
)

// prepared makes a world in which one job has prepared two checkpoints of four records,
// for two subtasks, and what there is to commit.
func (s *sinkTest[T]) prepared() (w *world[T], j *job[T], first, both [][]byte, err error) {
	w = s.world()
	if j, err = w.start(at(1, 1), 2, nil); err != nil {
		return
	}
	if err = j.deal(0, 1, 2, 3); err != nil {
		return
	}
	if first, err = j.prepare(1); err != nil {
		return
	}
	if err = j.deal(4, 5, 6, 7); err != nil {
		return
	}
	both, err = j.prepare(2)
	return
}

// commitAgain: what is visible already stays so, once; in one call and in several, and
// when part of it was not.
func (s *sinkTest[T]) commitAgain() error {
	w, j, first, both, err := s.prepared()
	if err != nil {
		return err
	}
	ctx := context.Background()
	for _, c := range []struct {
		what     string
		elements [][]byte
		want     int
	}{
		{"the first time", first, 4},
		{"again", first, 4},
		{"with more than before", both, 8},
		{"again, and twice at once", slices.Concat(both, both), 8},
		{"in another order", []([]byte){both[len(both)-1], both[0]}, 8},
	} {
		if err := j.sink.Commit(ctx, outputs(c.elements)); err != nil {
			return fmt.Errorf("commit %s: %w", c.what, err)
		}
		if err := w.shows(c.want); err != nil {
			return fmt.Errorf("after Commit %s: %w", c.what, err)
		}
	}
	return nil
}

// ownOnly: a commit makes visible what it is given, and nothing else.
func (s *sinkTest[T]) ownOnly() error {
	w := s.world()
	j, err := w.start(at(1, 1), 3, nil)
	if err != nil {
		return err
	}
	if err := j.deal(0, 1, 2); err != nil {
		return err
	}
	if _, err := j.prepare(1); err != nil {
		return err
	}
	if err := j.deal(3, 4, 5); err != nil {
		return err
	}
	if _, err := j.prepare(2); err != nil {
		return err
	}
	var seen []int
	for id := 1; id <= 2; id++ {
		for _, i := range []int{1, 0, 2} {
			if err := j.completeOne(j.subtasks[i], checkpoint.ID(id)); err != nil {
				return err
			}
			seen = append(seen, 3*(id-1)+i)
			if err := w.shows(0, seen...); err != nil {
				return fmt.Errorf("after the commit of subtask %d for checkpoint %d: %w", i, id, err)
			}
		}
	}
	return nil
}

// commitAfterRestart: by another process, at another parallelism, whether or not the one
// before has committed, all of it or some.
func (s *sinkTest[T]) commitAfterRestart() error {
	for _, committed := range []int{0, 1, 2} { // checkpoints
		for _, again := range []struct {
			what                 string
			incarnation, attempt int
		}{{"another attempt", 1, 2}, {"another process", 2, 1}} {
			w, j, _, both, err := s.prepared()
			if err != nil {
				return err
			}
			if err := j.complete(checkpoint.ID(committed)); err != nil {
				return err
			}
			if err := j.close(); err != nil {
				return err
			}
			j, err = w.start(at(checkpoint.Incarnation(again.incarnation), again.attempt), 3, both)
			what := fmt.Sprintf("%s, when %d of 2 checkpoints had been committed", again.what, committed)
			if err != nil {
				return fmt.Errorf("%s: %w", what, err)
			}
			if err := w.shows(8); err != nil {
				return fmt.Errorf("%s: %w", what, err)
			}
			// It goes on; ids may come again that a checkpoint had which nothing is left of.
			if err := j.deal(8, 9, 10); err != nil {
				return err
			}
			if _, err := j.prepare(3); err != nil {
				return err
			}
			if err := j.complete(3); err != nil {
				return err
			}
			if err := w.shows(11); err != nil {
				return fmt.Errorf("%s, and went on: %w", what, err)
			}
		}
	}
	return nil
}

// cancelled: a commit whose context has ended does what it can; what it has not done, the
// next one does.
func (s *sinkTest[T]) cancelled() error {
	w, j, first, both, err := s.prepared()
	if err != nil {
		return err
	}
	ended, cancel := context.WithCancel(context.Background())
	cancel()
	least := 0
	if err := j.sink.Commit(ended, outputs(first)); err == nil {
		least = 4
	}
	if err := w.between(least, 4); err != nil {
		return fmt.Errorf("after a Commit with a context that has ended: %w", err)
	}
	if _, err := w.start(at(1, 2), 1, both); err != nil {
		return fmt.Errorf("after a Commit with a context that has ended: %w", err)
	}
	return w.shows(8)
}
