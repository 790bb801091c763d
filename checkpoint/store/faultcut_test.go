package store

import (
	"errors"
	"fmt"
	"syscall"
	"testing"

	"github.com/weirstream/weir/durable/crashfs"
	"github.com/weirstream/weir/durable/faultfs"
)

// mutationManners are the ways in which a change fails, as far as they leave different
// disks: which error it is makes no difference there.
func mutationManners() []faultfs.Rule {
	rules := []faultfs.Rule{
		{Ops: faultfs.Mutations, Err: syscall.EIO},
		{Ops: faultfs.Mutations, Err: syscall.EIO, Do: faultfs.FailPartly},
		{Ops: faultfs.Mutations, Err: syscall.EIO, Do: faultfs.FailAfter},
		{Ops: faultfs.Write, Do: faultfs.Short},
		{Ops: faultfs.Mutations, Err: syscall.ENOSPC, Do: faultfs.FailPartly, Sticky: true},
		{Ops: faultfs.Mutations, Err: syscall.EROFS, Sticky: true},
	}
	if allFaults() {
		rules = append(rules,
			faultfs.Rule{Ops: faultfs.Mutations, Err: syscall.EIO, Do: faultfs.FailAfter, Sticky: true},
			faultfs.Rule{Ops: faultfs.Write, Do: faultfs.Short, Sticky: true})
	}
	return rules
}

// TestEveryFaultThenPowerCut fails each change in turn and cuts the power at every
// operation before and after: in one checkpoint, and in whatever else a job manager does.
func TestEveryFaultThenPowerCut(t *testing.T) {
	t.Parallel()
	all := append([]scenario{{"one checkpoint", 1, 1, 1, (*world).liveOn}}, scenarios...)
	for _, sc := range all {
		t.Run(sc.name, func(t *testing.T) {
			try := sample(t, 32)
			verdicts := map[crashfs.Fingerprint]error{}
			positions, faults, sampled := 0, 0, 0
			var states, visited uint64
			for _, rule := range mutationManners() {
				// What was before the scenario is without faults.
				_, _, counting := sc.world(t, rule)
				before := counting.Matched(0)
				for rule.K = before + 1; ; rule.K++ {
					if !try() {
						continue
					}
					w, s, faulty := sc.world(t, rule)
					w.verdicts = verdicts
					var lie falsehood
					r, err := crashfs.Sweep(w.disk, crashfs.Options{Limit: 20_000, Samples: 300, Seed: 36421},
						func() error { return sc.run(w, s) }, w.judge)
					if r.Bad > 0 || errors.As(err, &lie) {
						t.Fatalf("%+v: %v, %v", rule, err, r.Err())
					}
					if faulty.Matched(0) < rule.K {
						check(t, err)
						break
					}
					positions = max(positions, rule.K-before)
					faults, states, visited, sampled = faults+1, states+r.States, visited+r.Visited, sampled+r.Sampled
				}
			}
			t.Logf("%d positions, %d faults, %d states, %d visited, %d distinct; %d points sampled with seed 36421",
				positions, faults, states, visited, len(verdicts), sampled)
		})
	}
}

// world is what the scenario begins with, with a faulty disk.
func (sc scenario) world(t *testing.T, rule faultfs.Rule) (*world, *Store, *faultfs.FS) {
	t.Helper()
	w := &world{disk: newDisk(t), states: sc.states, opts: func() Options { return testOptions(sc.retain) }}
	faulty := faultfs.New(w.disk, rule)
	w.fs = faulty
	s, _ := mustStart(t, w.fs, w.opts())
	for range sc.before {
		check(t, w.cycle(s))
	}
	w.disk.Settle()
	return w, s, faulty
}

// TestEveryFaultInFallback fails each operation of going back to an older checkpoint, and
// cuts the power at each: a start after the first that has gone back is never given the
// damaged one again; otherwise it is refused as before.
func TestEveryFaultInFallback(t *testing.T) {
	try := sample(t, 8)
	rules := mutationManners()
	for _, rule := range readManners() {
		if allFaults() || rule.Err == syscall.EIO || rule.Err == syscall.EMFILE {
			rules = append(rules, rule)
		}
	}
	verdicts := map[crashfs.Fingerprint]error{}
	positions, faults, wentBack, refused := 0, 0, 0, 0
	var states uint64
	for _, rule := range rules {
		for rule.K = 1; ; rule.K++ {
			if !try() {
				continue
			}
			disk := withCheckpoints(t, 3)
			damage(t, disk, 3)
			damage(t, disk, 2)
			disk.Settle()
			w := &world{disk: disk, states: 1, opts: func() Options { return testOptions(3) }}
			faulty := faultfs.New(disk, rule)
			w.fs = faulty
			r, err := crashfs.Sweep(disk, crashfs.Options{}, func() error {
				s, c, err := start(w.fs, w.opts(), From{AllowFallback: true})
				if err != nil {
					return err
				}
				defer s.Close()
				if c == nil || c.ID != 1 {
					return falsely("restored %+v", c)
				}
				wentBack++
				w.tell(toldRestored, c.Seal.Identity)
				return nil
			}, func(state *crashfs.State) error {
				err, known := verdicts[state.Fingerprint()]
				if !known {
					var refuses bool
					refuses, err = w.judgeFallback(state)
					verdicts[state.Fingerprint()] = err
					if refuses {
						refused++
					}
				}
				return err
			})
			var lie falsehood
			if r.Bad > 0 || errors.As(err, &lie) {
				t.Fatalf("%+v: %v, %v", rule, err, r.Err())
			}
			if open := faulty.StillOpen(); len(open) > 0 {
				t.Errorf("%+v: left open: %v", rule, open)
			}
			if faulty.Matched(0) < rule.K {
				break
			}
			positions, faults, states = max(positions, rule.K), faults+1, states+r.States
		}
	}
	t.Logf("%d positions, %d faults, %d states, %d distinct, of which %d are refused as before; %d went back",
		positions, faults, states, len(verdicts), refused, wentBack)
	if !testing.Short() && (refused == 0 || wentBack == 0) {
		t.Error("nothing was tested")
	}
}

// judgeFallback is the oracle of going back from checkpoints 3 and 2 to 1. It tells
// whether the damaged ones are refused still.
func (w *world) judgeFallback(state *crashfs.State) (refused bool, err error) {
	s, c, err := start(state.FS(), w.opts(), From{})
	var damaged *DamagedError
	switch {
	case err == nil && c.ID != 1:
		return false, fmt.Errorf("recovered %v, which is damaged", c.ID)
	case err == nil:
		return false, s.Close()
	case !errors.As(err, &damaged) || damaged.Intact != 1:
		return false, err
	case toldTo(state).committed != 0:
		return false, fmt.Errorf("checkpoint 1 was restored already, and now: %w", err)
	}
	s, c, err = start(state.FS(), w.opts(), From{AllowFallback: true})
	if err != nil {
		return true, err
	}
	if c.ID != 1 {
		return true, fmt.Errorf("went back to %v, which is damaged", c.ID)
	}
	p, err := s.Begin()
	if err == nil && p.ID() != 4 {
		err = fmt.Errorf("id %v was given out again", p.ID())
	}
	return true, err
}
