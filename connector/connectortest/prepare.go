package connectortest

import (
	"context"
	"fmt"

	"github.com/weirstream/weir/checkpoint"
)

// nothingWritten: a checkpoint in which nothing was written has nothing to commit, or
// something that does no harm.
func (s *sinkTest[T]) nothingWritten() error {
	w := s.world()
	j, err := w.start(at(1, 1), 2, nil)
	if err != nil {
		return err
	}
	var restored [][]byte
	for id := checkpoint.ID(1); id <= 2; id++ {
		if restored, err = j.prepare(id); err != nil {
			return err
		}
	}
	if err := j.complete(1); err != nil {
		return err
	}
	if err := w.shows(0); err != nil {
		return err
	}
	if err := j.close(); err != nil {
		return err
	}
	if _, err := w.start(at(2, 1), 2, restored); err != nil {
		return fmt.Errorf("after a restart: %w", err)
	}
	return w.shows(0)
}

// manyRecords is enough to fill buffers.
const manyRecords = 6000

// writeMany writes records in batches of many sizes, as they come from the engine.
func (j *job[T]) writeMany() error {
	for n, batch := 0, 1; n < manyRecords; batch = batch%511 + 37 {
		size := min(batch, manyRecords-n)
		if err := j.deal(numbersTo(n + size)[n:]...); err != nil {
			return err
		}
		n += size
	}
	return nil
}

// hidden: neither what was written nor what was prepared is visible.
func (s *sinkTest[T]) hidden() error {
	w := s.world()
	j, err := w.start(at(1, 1), 2, nil)
	if err != nil {
		return err
	}
	if err := w.shows(0); err != nil {
		return fmt.Errorf("after Open: %w", err)
	}
	if err := j.writeMany(); err != nil {
		return err
	}
	if err := w.shows(0); err != nil {
		return fmt.Errorf("after Write: %w", err)
	}
	if _, err := j.prepare(1); err != nil {
		return err
	}
	if err := w.shows(0); err != nil {
		return fmt.Errorf("after Prepare: %w", err)
	}
	return nil
}

// visible: what was prepared is visible once Commit has returned, all of it and nothing of
// what was written since.
func (s *sinkTest[T]) visible() error {
	w := s.world()
	j, err := w.start(at(1, 1), 2, nil)
	if err != nil {
		return err
	}
	j.spare = true // that is for another check
	if err := j.writeMany(); err != nil {
		return err
	}
	if _, err := j.prepare(1); err != nil {
		return err
	}
	if err := j.deal(manyRecords, manyRecords+1); err != nil {
		return err
	}
	if err := j.complete(1); err != nil {
		return err
	}
	if err := w.shows(manyRecords); err != nil {
		return fmt.Errorf("after Commit: %w", err)
	}
	if _, err := j.prepare(2); err != nil {
		return err
	}
	if err := j.complete(2); err != nil {
		return err
	}
	if err := w.shows(manyRecords + 2); err != nil {
		return fmt.Errorf("after the second Commit: %w", err)
	}
	if err := j.close(); err != nil {
		return err
	}
	if err := w.shows(manyRecords + 2); err != nil {
		return fmt.Errorf("after Close: %w", err)
	}
	return nil
}

// slices: a batch that Write was given is used again when Write has returned.
func (s *sinkTest[T]) slices() error {
	w := s.world()
	j, err := w.start(at(1, 1), 1, nil)
	if err != nil {
		return err
	}
	shared := make([]T, 3)
	for n := 0; n < 9; n += 3 {
		for i := range shared {
			shared[i] = s.Record(n + i)
		}
		if err := j.subtasks[0].writer.Write(context.Background(), shared); err != nil {
			return fmt.Errorf("write: %w", err)
		}
	}
	clear(shared)
	if _, err := j.prepare(1); err != nil {
		return err
	}
	if err := j.complete(1); err != nil {
		return err
	}
	if err := w.shows(9); err != nil {
		return fmt.Errorf("the slice was used again: %w", err)
	}
	return nil
}

// failedCheckpoint: what was prepared for it is committed with the next.
func (s *sinkTest[T]) failedCheckpoint() error {
	w := s.world()
	j, err := w.start(at(1, 1), 2, nil)
	if err != nil {
		return err
	}
	for id := range 3 {
		if err := j.deal(2*id, 2*id+1); err != nil {
			return err
		}
		if _, err := j.prepare(checkpoint.ID(id + 1)); err != nil {
			return err
		}
		if err := w.shows(0); err != nil {
			return fmt.Errorf("after %d checkpoints that came to nothing: %w", id+1, err)
		}
	}
	if _, err := j.prepare(4); err != nil {
		return fmt.Errorf("when nothing was written since the last: %w", err)
	}
	if err := j.complete(4); err != nil {
		return err
	}
	return w.shows(6)
}
