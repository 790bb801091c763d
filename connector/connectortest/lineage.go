package connectortest

import (
	"fmt"

	"github.com/weirstream/weir"
)

// lineages: a run with other checkpoints comes and goes, while the first one is dead, with
// output prepared. When that is started again its checkpoint finds all of it.
func (s *sinkTest[T]) lineages() error {
	if err := s.needsClaimer(); err != nil {
		return err
	}
	for checkpoints := 1; checkpoints <= 2; checkpoints++ {
		if err := s.lineage(checkpoints); err != nil {
			return fmt.Errorf("the first run has prepared output of 2 checkpoints, and is started again from checkpoint %d: %w", checkpoints, err)
		}
	}
	return nil
}

func (s *sinkTest[T]) lineage(restored int) error {
	w, j, first, both, err := s.prepared() // of lineage a
	if err != nil {
		return err
	}
	if err := j.deal(8, 9); err != nil { // and this is not even prepared
		return err
	}
	other := func(c weir.Claim, incarnation weir.Incarnation, numbers ...int) error {
		p := w.newProcess(theSink)
		if err := p.claim(c); err != nil {
			return err
		}
		j := p.newJob()
		ctx := at(1, 1)
		ctx.Incarnation = incarnation
		if err := j.open(ctx, 2); err != nil {
			return err
		}
		if err := j.deal(numbers...); err != nil {
			return err
		}
		if _, err := j.prepare(1); err != nil {
			return err
		}
		return j.complete(1)
	}
	if err := other(weir.Claim{Lineage: lineageB, Fresh: true}, 1, 20, 21); err != nil {
		return fmt.Errorf("a run with other checkpoints: %w", err)
	}
	if err := other(weir.Claim{Lineage: lineageB, From: 1, BesideOld: true}, 2, 22, 23); err != nil {
		return fmt.Errorf("another run with other checkpoints: %w", err)
	}
	if err := w.shows(0, 20, 21, 22, 23); err != nil {
		return fmt.Errorf("after runs with other checkpoints: %w", err)
	}
	elements, records := first, 4 // what was prepared for the second is undone
	if restored == 2 {
		elements, records = both, 8
	}
	if _, err := w.start(at(2, 1), 2, elements); err != nil {
		return fmt.Errorf("after runs with other checkpoints: %w", err)
	}
	if err := w.shows(records, 20, 21, 22, 23); err != nil {
		return fmt.Errorf("after runs with other checkpoints: %w", err)
	}
	return w.clean()
}
