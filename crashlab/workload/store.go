package workload

import (
	"bytes"
	"errors"
	"fmt"
	"path/filepath"

	"github.com/weirstream/weir/checkpoint"
	"github.com/weirstream/weir/checkpoint/store"
	"github.com/weirstream/weir/crashlab/judge"
	"github.com/weirstream/weir/durable"
	"github.com/weirstream/weir/flink"
)

var (
	store1 = OfStore("store-1", "Weir's checkpoint store, one checkpoint retained", 1, durable.OS())
	store2 = OfStore("store-2", "Weir's checkpoint store, two retained", 2, durable.OS())
)

// OfStore is the workload of Weir's checkpoint store, which writes through fsys to the
// recorded disk. Its recovery always uses the files of the operating system.
func OfStore(name, what string, retain int, fsys durable.FS) Workload {
	return Workload{
		Name: name, Kind: Weirs, What: what,
		Prepare: func(string) error { return nil }, // the store makes its directories itself
		Run: func(dir string, setup Setup, w World) error {
			s, _, err := openStore(fsys, dir, retain)
			if err != nil {
				return err
			}
			err = cycle(1, setup, w, func(id checkpoint.ID) error {
				if err := publish(s, id); err != nil {
					return err
				}
				if err := w.Ack(id); err != nil {
					return err
				}
				_, err := s.Subsume()
				return err
			})
			return errors.Join(err, s.Close())
		},
		Find: func(dir string, _ Setup, _ int) judge.Finding { return findInStore(dir, retain) },
	}
}

var (
	storeJob      = flink.JobIDOf("crashlab")
	storeOperator = flink.OperatorIDOf("crashlab")
)

// The lengths of the states of a checkpoint: two large ones, which get files, and two that
// are kept in _metadata and make it about as long as the one in FLINK-36421.
var storeStates = []int{stateBytes, stateBytes, 20_000, 20_000}

func openStore(fsys durable.FS, dir string, retain int) (*store.Store, *store.Checkpoint, error) {
	s, err := store.Open(fsys, filepath.Join(dir, "weir-data"), storeJob, store.Options{Retain: retain, Owner: "crashlab"})
	if err != nil {
		return nil, nil, fmt.Errorf("open the store: %w", err)
	}
	c, err := s.Recover(store.From{})
	if err != nil {
		s.Close()
		return nil, nil, fmt.Errorf("recover: %w", err)
	}
	return s, c, nil
}

// publish makes one checkpoint. It must get the given id.
func publish(s *store.Store, id checkpoint.ID) error {
	p, err := s.Begin()
	if err != nil {
		return err
	}
	if p.ID() != id {
		return fmt.Errorf("the store has begun checkpoint %v, want %v", p.ID(), id)
	}
	op := flink.OperatorState{ID: storeOperator, Parallelism: len(storeStates), MaxParallelism: 128}
	var blobs []store.Blob
	for i, n := range storeStates {
		w := p.NewWriter("state of the bench", checkpoint.Subtask(i))
		if _, err := w.Write(content(id, i, n)); err != nil {
			return err
		}
		b, err := w.Close()
		if err != nil {
			return err
		}
		blobs = append(blobs, b)
		op.Subtasks = append(op.Subtasks, flink.SubtaskState{
			Index: checkpoint.Subtask(i),
			ManagedOperator: &flink.OperatorHandle{
				States: []flink.OperatorStateMeta{{Name: "s", Offsets: []int64{0}}},
				Data:   b.Handle,
			},
		})
	}
	return p.Publish(&flink.Metadata{CheckpointID: id, Operators: []flink.OperatorState{op}}, blobs, checkpoint.Names{})
}

// findInStore runs Weir's recovery, compares every byte that it returns with what was
// written, without relying on checksums, and makes one more checkpoint.
func findInStore(dir string, retain int) (f judge.Finding) {
	s, c, err := openStore(durable.OS(), dir, retain)
	if err != nil {
		return refusal(err)
	}
	defer s.Close()
	if c != nil {
		f.Recovered = c.ID
		if err := isWhole(c); err != nil {
			f.Torn = fmt.Sprintf("recovery has returned checkpoint %v, but %v", c.ID, err)
			return f
		}
	}
	if err := goesOn(s); err != nil {
		f.Wrong = fmt.Sprintf("the next checkpoint: %v", err)
	}
	return f
}

// refusal turns an error of recovery into a finding: Torn if a checkpoint with the name of a
// complete one is damaged, Refused otherwise.
func refusal(err error) judge.Finding {
	var damaged *store.DamagedError
	if errors.As(err, &damaged) {
		return judge.Finding{Torn: err.Error()}
	}
	return judge.Finding{Refused: err.Error()}
}

func isWhole(c *store.Checkpoint) error {
	n := 0
	for ref := range c.Meta.Streams() {
		n++
		want := content(c.ID, int(ref.Subtask), storeStates[ref.Subtask])
		r, err := c.OpenStream(ref.Handle)
		if err != nil {
			return err
		}
		have := make([]byte, r.Size())
		_, err = r.ReadAt(have, 0)
		r.Close()
		if err != nil {
			return err
		}
		if !bytes.Equal(have, want) {
			return fmt.Errorf("%d bytes of %s are not what was written", wrongBytes(have, want), r.Name())
		}
	}
	if n != len(storeStates) {
		return fmt.Errorf("%d states of %d are there", n, len(storeStates))
	}
	return nil
}

func goesOn(s *store.Store) error {
	p, err := s.Begin()
	if err != nil {
		return err
	}
	if err := p.Publish(&flink.Metadata{CheckpointID: p.ID()}, nil, checkpoint.Names{}); err != nil {
		return err
	}
	_, err = s.Subsume()
	return err
}
