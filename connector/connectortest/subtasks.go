package connectortest

import (
	"context"
	"errors"
	"sync"

	"github.com/weirstream/weir/checkpoint"
)

// together: subtasks write, prepare and commit at the same time, as they do in the engine.
// Run it with -race, too.
func (s *sinkTest[T]) together() error {
	const subtasks, periods = 4, 5
	w := s.world()
	j, err := w.start(at(1, 1), subtasks, nil)
	if err != nil {
		return err
	}
	s.numbers.make(subtasks * periods * 3) // what subtasks share must not be made by them
	// Every record is there before they begin: Record need not be safe for goroutines.
	each := func(f func(i int) error) error {
		errs := make([]error, subtasks)
		var running sync.WaitGroup
		for i := range subtasks {
			running.Go(func() { errs[i] = f(i) })
		}
		running.Wait()
		return errors.Join(errs...)
	}
	for p := range periods {
		batches := make([][]T, subtasks)
		for i := range batches {
			for k := range 3 {
				batches[i] = append(batches[i], s.Record((p*subtasks+i)*3+k))
			}
		}
		id := checkpoint.ID(p + 1)
		err := each(func(i int) error {
			if err := j.subtasks[i].writer.Write(context.Background(), batches[i]); err != nil {
				return err
			}
			// The news of the checkpoint before comes to each when it comes.
			if err := j.completeOne(j.subtasks[i], id-1); err != nil {
				return err
			}
			_, err := j.prepareOne(j.subtasks[i], id)
			return err
		})
		if err != nil {
			return err
		}
	}
	if err := each(func(i int) error { return j.completeOne(j.subtasks[i], periods) }); err != nil {
		return err
	}
	if err := w.shows(subtasks * periods * 3); err != nil {
		return err
	}
	return j.close()
}
