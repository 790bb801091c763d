package main

import (
	"errors"
	"fmt"
	"sync"

	"github.com/weirstream/weir/checkpoint"
	"github.com/weirstream/weir/checkpoint/store"
	"github.com/weirstream/weir/durable/probe"
	"github.com/weirstream/weir/flink"
)

// trialJob is the job that the doctor makes checkpoints of.
var trialJob = flink.JobIDOf("weir doctor")

// trialBytes is how large a state file of the doctor is.
const trialBytes = 64 << 10

// tryStore makes two checkpoints as a job does, deletes the first, and recovers as the next
// start would.
func (d *doctor) tryStore(dir string) probe.Trial {
	t := probe.Trial{Name: "a checkpoint can be completed and verified"}
	if err := d.twoCheckpoints(dir); err != nil {
		t.Outcome, t.Detail = probe.Failed, err.Error()
		return t
	}
	t.Detail = "two were, and the first deleted"
	return t
}

func (d *doctor) twoCheckpoints(dir string) error {
	const files = 2
	s, err := d.open(dir)
	if err != nil {
		return err
	}
	for range 2 {
		if err := writeCheckpoint(s, files); err != nil {
			return errors.Join(err, s.Close())
		}
	}
	if err := s.Close(); err != nil {
		return err
	}
	s, err = store.Open(d.t.fsys, dir, trialJob, store.Options{Owner: owner("doctor"), Retain: 1})
	if err != nil {
		return fmt.Errorf("start again: %w", err)
	}
	defer s.Close()
	c, err := s.Recover(store.From{}) // verifies
	switch {
	case err != nil:
		return fmt.Errorf("start again: %w", err)
	case c == nil || c.ID != 2 || len(c.Seal.Files) != files:
		return errors.New("start again: checkpoint 2 was complete, and is not what is found")
	}
	listing, err := d.t.fsys.ReadDir(s.Dir())
	if err != nil {
		return err
	}
	for _, e := range listing {
		if n := checkpoint.ParseName(e.Name); n.Kind != checkpoint.Furniture && n.ID != c.ID {
			return fmt.Errorf("%s was deleted, and is still there", e.Name)
		}
	}
	return nil
}

// open opens a store that gives each state a file.
func (d *doctor) open(dir string) (*store.Store, error) {
	s, err := store.Open(d.t.fsys, dir, trialJob, store.Options{Owner: owner("doctor"), Retain: 1, InlineThreshold: -1})
	if err != nil {
		return nil, err
	}
	if _, err := s.Recover(store.From{}); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// writeCheckpoint makes a complete checkpoint with a number of state files, which are written at
// the same time as those of a job are, and deletes the one before.
func writeCheckpoint(s *store.Store, files int) error {
	p, err := s.Begin()
	if err != nil {
		return err
	}
	blobs, errs := make([]store.Blob, files), make([]error, files)
	var wg sync.WaitGroup
	for i := range files {
		wg.Go(func() {
			w := p.NewWriter("trial", checkpoint.Subtask(i))
			if _, errs[i] = w.Write(make([]byte, trialBytes)); errs[i] == nil {
				blobs[i], errs[i] = w.Close()
			}
		})
	}
	wg.Wait()
	if err := errors.Join(errs...); err != nil {
		return errors.Join(err, p.Abort())
	}
	op := flink.OperatorState{ID: flink.OperatorIDOf("trial"), Parallelism: files, MaxParallelism: 128}
	for i, b := range blobs {
		op.Subtasks = append(op.Subtasks, flink.SubtaskState{Index: checkpoint.Subtask(i), ManagedOperator: &flink.OperatorHandle{
			States: []flink.OperatorStateMeta{{Name: "trial", Offsets: []int64{0}}}, Data: b.Handle,
		}})
	}
	if err := p.Publish(&flink.Metadata{CheckpointID: p.ID(), Operators: []flink.OperatorState{op}}, blobs, checkpoint.Names{}); err != nil {
		return err
	}
	_, err = s.Subsume()
	return err
}
