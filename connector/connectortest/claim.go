package connectortest

import (
	"context"
	"errors"
	"fmt"

	"github.com/weirstream/weir"
)

// needsClaimer passes a check over if the sink claims nothing.
func (s *sinkTest[T]) needsClaimer() error {
	if _, ok := s.world().anotherProcess(theSink).sink.(weir.Claimer); !ok {
		return passedOver("the sink is no Claimer")
	}
	return nil
}

// claimed: while one run has the sink's place another one is refused, and told which has
// it. The first goes on. When it has ended, in whatever way, the place is free.
func (s *sinkTest[T]) claimed() error {
	if err := s.needsClaimer(); err != nil {
		return err
	}
	w := s.world()
	p := w.newProcess(theSink)
	if err := p.claim(weir.Claim{Lineage: lineageA, Fresh: true}); err != nil {
		return fmt.Errorf("a place that no run has: %w", err)
	}
	j := p.newJob()
	if err := j.open(at(1, 1), 2); err != nil {
		return err
	}
	if err := j.deal(0, 1, 2, 3); err != nil {
		return err
	}
	if _, err := j.prepare(1); err != nil {
		return err
	}
	for _, c := range []weir.Claim{
		{Lineage: lineageA, Fresh: true}, {Lineage: lineageA, From: 7}, {Lineage: lineageB, Fresh: true, BesideOld: true},
	} {
		if err := w.refused(c, p.owner); err != nil {
			return err
		}
	}
	if err := w.othersClaim(); err != nil {
		return err
	}
	if err := j.complete(1); err != nil {
		return fmt.Errorf("while others were refused: %w", err)
	}
	if err := w.shows(4); err != nil {
		return fmt.Errorf("while others were refused: %w", err)
	}
	if err := j.close(); err != nil {
		return err
	}
	if err := p.end(); err != nil {
		return err
	}
	for _, how := range []string{"has ended well", "was killed", "was killed, once more"} {
		next := w.anotherProcess(theSink)
		if err := next.claim(weir.Claim{Lineage: lineageA, From: 1}); err != nil {
			return fmt.Errorf("after the run before %s: %w", how, err)
		}
		next.kill()
	}
	return nil
}

// refused makes sure that a claim is refused, and says that another process has the place.
func (w *world[T]) refused(c weir.Claim, owner string) error {
	err := w.anotherProcess(theSink).claim(c)
	var inUse *weir.OutputInUseError
	switch {
	case err == nil:
		return fmt.Errorf("two runs have claimed the same place")
	case !errors.As(err, &inUse):
		return fmt.Errorf("a place that another run has: got %w, want an *OutputInUseError", err)
	case inUse.Owner != owner || inUse.Place == "":
		return fmt.Errorf("the error says that %q has the place %q, want %q and the place", inUse.Owner, inUse.Place, owner)
	}
	return nil
}

// othersClaim has other sinks claim the same place, at the same time and one after the
// other.
func (w *world[T]) othersClaim() error {
	for range 2 {
		var all []*process[T]
		for _, id := range namesakes() {
			p := w.anotherProcess(id)
			if err := p.claim(weir.Claim{Lineage: lineageA, Fresh: true}); err != nil {
				return fmt.Errorf("sink %s of job %s, beside sink %s of job %s: %w", id.Operator, id.Job, theSink.Operator, theSink.Job, err)
			}
			all = append(all, p)
		}
		for _, p := range all {
			if err := p.end(); err != nil {
				return err
			}
		}
	}
	return nil
}

// namesakes are sinks with names like that of the sink under test.
func namesakes() []weir.SinkID {
	return []weir.SinkID{
		{Job: theSink.Job, Operator: theSink.Operator + "2"},
		{Job: theSink.Job + "2", Operator: theSink.Operator},
		{Job: theSink.Job + theSink.Operator[:1], Operator: theSink.Operator[1:]},
		{Job: theSink.Operator, Operator: theSink.Job},
	}
}

// oldOutput: a run that would write visible output again is refused, without anything being
// touched, and one that would not is not.
func (s *sinkTest[T]) oldOutput() error {
	if err := s.needsClaimer(); err != nil {
		return err
	}
	w, j, _, both, err := s.prepared()
	if err != nil {
		return err
	}
	// Prepared output alone is nothing that a run would repeat.
	if err := w.claims(weir.Claim{Lineage: lineageA, Fresh: true}, false); err != nil {
		return fmt.Errorf("nothing is visible yet: %w", err)
	}
	if err := j.complete(1); err != nil {
		return err
	}
	for _, c := range []struct {
		weir.Claim
		repeats bool
	}{
		{weir.Claim{Lineage: lineageA, Fresh: true}, true},
		{weir.Claim{Lineage: lineageB, Fresh: true}, true},
		{weir.Claim{Lineage: lineageA, Fresh: true, BesideOld: true}, false},
		{weir.Claim{Lineage: lineageB, Fresh: true, BesideOld: true}, false},
		{weir.Claim{Lineage: lineageA, From: 1}, false},
		{weir.Claim{Lineage: lineageA, From: 12}, false},
	} {
		if err := w.claims(c.Claim, c.repeats); err != nil {
			return fmt.Errorf("the output of checkpoint 1 is visible, and the claim is %+v: %w", c.Claim, err)
		}
	}
	if err := w.othersClaim(); err != nil {
		return fmt.Errorf("the output of checkpoint 1 is visible: %w", err)
	}
	if err := w.shows(4); err != nil {
		return fmt.Errorf("after claims that were refused: %w", err)
	}
	if err := j.sink.Commit(context.Background(), outputs(both)); err != nil {
		return fmt.Errorf("commit what was prepared, after claims that were refused: %w", err)
	}
	if err := w.shows(8); err != nil {
		return fmt.Errorf("commit what was prepared, after claims that were refused: %w", err)
	}
	for _, c := range []struct {
		weir.Claim
		repeats bool
	}{
		{weir.Claim{Lineage: lineageA, From: 1}, true},
		{weir.Claim{Lineage: lineageA, From: 1, BesideOld: true}, false},
		{weir.Claim{Lineage: lineageA, From: 2}, false},
		{weir.Claim{Lineage: lineageB, From: 1}, false}, // its checkpoint 2 is another one
	} {
		if err := w.claims(c.Claim, c.repeats); err != nil {
			return fmt.Errorf("the output of checkpoint 2 is visible, and the claim is %+v: %w", c.Claim, err)
		}
	}
	return w.shows(8)
}

// claims claims the place of a sink whose process was killed, and makes sure that it is
// refused if, and only if, the run would repeat output.
func (w *world[T]) claims(c weir.Claim, repeats bool) error {
	p := w.newProcess(theSink)
	err := p.claim(c)
	defer p.kill()
	var old *weir.OldOutputError
	switch {
	case !repeats:
		return err
	case err == nil:
		return fmt.Errorf("a run that would write visible output again has claimed the place")
	case !errors.As(err, &old):
		return fmt.Errorf("a run that would write visible output again: got %w, want an *OldOutputError", err)
	case old.Place == "" || old.Found == "" || old.From != c.From:
		return fmt.Errorf("the error is %+v: want the place, what was found there and checkpoint %d", *old, c.From)
	}
	return nil
}

// besideOld: the output of a run that was permitted to begin anew stands beside the old
// one, all of it, even if it counts incarnations, attempts and checkpoints as the old one
// did.
func (s *sinkTest[T]) besideOld() error {
	if err := s.needsClaimer(); err != nil {
		return err
	}
	w := s.world()
	records := 0
	for _, lineage := range []string{lineageA, lineageB, lineageA, lineageA} {
		p := w.newProcess(theSink)
		if err := p.claim(weir.Claim{Lineage: lineage, Fresh: true, BesideOld: true}); err != nil {
			return err
		}
		j := p.newJob()
		if err := j.open(at(1, 1), 2); err != nil {
			return err
		}
		for id := range 2 {
			if err := j.deal(records, records+1, records+2); err != nil {
				return err
			}
			records += 3
			if _, err := j.prepare(weir.CheckpointID(id + 1)); err != nil {
				return err
			}
			if err := j.complete(weir.CheckpointID(id + 1)); err != nil {
				return fmt.Errorf("beside old output, as checkpoint %d of %s: %w", id+1, lineage, err)
			}
			if err := w.shows(records); err != nil {
				return fmt.Errorf("beside old output, after checkpoint %d of %s: %w", id+1, lineage, err)
			}
		}
		if err := j.close(); err != nil {
			return err
		}
	}
	return nil
}
