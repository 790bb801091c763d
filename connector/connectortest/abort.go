package connectortest

import (
	"context"
	"fmt"

	"github.com/weirstream/weir"
	"github.com/weirstream/weir/checkpoint"
)

// closing: when a writer is closed, what it has prepared stays, and the rest is removed.
func (s *sinkTest[T]) closing() error {
	w := s.world()
	j, err := w.start(at(1, 1), 2, nil)
	if err != nil {
		return err
	}
	if err := j.deal(4, 5); err != nil {
		return err
	}
	if err := j.close(); err != nil {
		return err
	}
	if err := w.shows(0); err != nil {
		return fmt.Errorf("closed without Prepare: %w", err)
	}
	w, j, first, _, err := s.prepared()
	if err != nil {
		return err
	}
	if err := j.deal(8, 9); err != nil {
		return err
	}
	if err := j.close(); err != nil {
		return err
	}
	if err := w.shows(0); err != nil {
		return fmt.Errorf("closed after Prepare: %w", err)
	}
	if err := j.sink.Commit(context.Background(), outputs(first)); err != nil {
		return fmt.Errorf("commit what was prepared before Close: %w", err)
	}
	if err := w.shows(4); err != nil {
		return fmt.Errorf("what was prepared before Close, committed: %w", err)
	}
	return nil
}

// abortWritten: what a process had written when it died never becomes visible, and does
// not stand in the way of the same records when they come again.
func (s *sinkTest[T]) abortWritten() error {
	w := s.world()
	j, err := w.start(at(1, 1), 3, nil)
	if err != nil {
		return err
	}
	if err := j.writeMany(); err != nil {
		return err
	}
	// Nothing is closed: the process was killed.
	return s.onceMore(w, nil, 0)
}

// abortPrepared: nor does what it had prepared for a checkpoint that is not the restored
// one.
func (s *sinkTest[T]) abortPrepared() error {
	w, _, _, _, err := s.prepared()
	if err != nil {
		return err
	}
	if err := s.onceMore(w, nil, 0); err != nil {
		return fmt.Errorf("restarted from nothing: %w", err)
	}
	w, _, first, _, err := s.prepared()
	if err != nil {
		return err
	}
	if err := s.onceMore(w, first, 4); err != nil {
		return fmt.Errorf("restarted from checkpoint 1 of 2: %w", err)
	}
	return nil
}

// onceMore starts a process from a checkpoint with so many records and writes the rest of
// a few, twice with a restart in between.
func (s *sinkTest[T]) onceMore(w *world[T], restored [][]byte, records int) error {
	for i, c := range []weir.SinkContext{at(2, 1), at(2, 2), at(3, 1)} {
		id := checkpoint.ID(2 + i) // the first was in use, for a checkpoint that came to nothing
		j, err := w.start(c, 2, restored)
		if err != nil {
			return err
		}
		if err := w.shows(records); err != nil {
			return fmt.Errorf("after Abort: %w", err)
		}
		if err := w.clean(); err != nil {
			return fmt.Errorf("after Abort: %w", err)
		}
		if err := j.deal(records, records+1); err != nil {
			return err
		}
		records += 2
		if restored, err = j.prepare(id); err != nil {
			return err
		}
		if err := j.complete(id); err != nil {
			return err
		}
		if err := w.shows(records); err != nil {
			return fmt.Errorf("after the restart, with two records more: %w", err)
		}
		if i > 0 {
			restored = nil // as if a checkpoint without output had come after it
		}
	}
	return nil
}

// abortKeeps: what was committed stays, also when Commit is not called for it any more: its
// checkpoint is not there, or is known to be committed.
func (s *sinkTest[T]) abortKeeps() error {
	w, j, _, _, err := s.prepared()
	if err != nil {
		return err
	}
	if err := j.complete(2); err != nil {
		return err
	}
	for _, c := range []weir.SinkContext{at(1, 2), at(2, 1), at(2, 2)} {
		if _, err := w.start(c, 1, nil); err != nil {
			return err
		}
		if err := w.shows(8); err != nil {
			return fmt.Errorf("after a restart: %w", err)
		}
	}
	return nil
}

// others: three sinks with names like this one's, in this job and in others, are in the
// midst of their work while this one starts again, and again. Nothing of theirs is touched.
func (s *sinkTest[T]) others() error {
	w := s.world()
	var jobs []*job[T]
	records := 0
	for _, id := range namesakes() {
		j, err := w.start(weir.SinkContext{SinkID: id, Incarnation: 1, Attempt: 1}, 2, nil)
		if err != nil {
			return err
		}
		jobs = append(jobs, j)
		if err := j.deal(records, records+1); err != nil {
			return err
		}
		if _, err := j.prepare(1); err != nil {
			return err
		}
		if err := j.deal(records+2, records+3); err != nil {
			return err
		}
		records += 4
	}
	for _, c := range []weir.SinkContext{at(1, 1), at(1, 2), at(2, 1)} {
		j, err := w.start(c, 2, nil)
		if err != nil {
			return err
		}
		if err := j.deal(records, records+1); err != nil {
			return err
		}
		if _, err := j.prepare(1); err != nil {
			return err
		}
	}
	if err := w.shows(0); err != nil {
		return err
	}
	var seen []int
	for i, j := range jobs {
		if err := j.complete(1); err != nil {
			return fmt.Errorf("another sink, prepared while this one has started anew: %w", err)
		}
		seen = append(seen, 4*i, 4*i+1)
		if err := w.shows(0, seen...); err != nil {
			return fmt.Errorf("after the commit of another sink: %w", err)
		}
	}
	for i, j := range jobs {
		if _, err := j.prepare(2); err != nil {
			return fmt.Errorf("another sink, written while this one has started anew: %w", err)
		}
		if err := j.complete(2); err != nil {
			return fmt.Errorf("another sink, written while this one has started anew: %w", err)
		}
		seen = append(seen, 4*i+2, 4*i+3)
		if err := w.shows(0, seen...); err != nil {
			return fmt.Errorf("after the second commit of another sink: %w", err)
		}
	}
	return nil
}
