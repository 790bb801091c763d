package store

import (
	"errors"
	"fmt"
	"strings"
	"syscall"
	"testing"

	"github.com/weirstream/weir/checkpoint"
	"github.com/weirstream/weir/durable/crashfs"
	"github.com/weirstream/weir/durable/faultfs"
)

// life is a job manager's: it starts, makes checkpoints and believes what the store
// says about them, whatever fails meanwhile. It ends when it cannot start.
func (w *world) life(cycles int) error {
	s, err := w.restart()
	if err != nil {
		if s, err = w.restart(); err != nil { // its supervisor starts it once more
			return err
		}
	}
	defer s.Close()
	for range cycles {
		if err := w.liveOn(s); err != nil {
			return err
		}
	}
	return nil
}

// liveOn makes one checkpoint, or not, and tells the world what came of it. The error
// is that the store has said something it must not say, or that recovery failed.
func (w *world) liveOn(s *Store) error {
	newest := s.Newest()
	p, err := w.begin(s)
	if err != nil {
		return wantAborted(err, newest)
	}
	blobs, err := write(p, w.states)
	if err != nil {
		w.tell(toldAborted, p.of)
		return p.Abort()
	}
	err = p.Publish(metadataOf(p.ID(), blobs), blobs)
	var unknown *UnknownOutcomeError
	switch {
	case err == nil:
		if s.Newest() != p.ID() {
			return fmt.Errorf("published %v, and the newest is %v", p.ID(), s.Newest())
		}
		w.tell(toldComplete, p.of)
		_, err := s.Subsume()
		return err
	case !errors.As(err, &unknown):
		w.tell(toldAborted, p.of)
		return wantAborted(err, newest)
	}
	// Poisoned: nothing goes, until recovery has looked.
	if _, err := s.Begin(); !errors.Is(err, unknown) {
		return fmt.Errorf("poisoned, Begin says %v", err)
	}
	if _, err := s.Subsume(); !errors.Is(err, unknown) {
		return fmt.Errorf("poisoned, Subsume says %v", err)
	}
	if err := p.Abort(); !errors.Is(err, unknown) {
		return fmt.Errorf("poisoned, Abort says %v", err)
	}
	c, err := s.Recover(From{})
	if err != nil {
		return nil // stays poisoned: the rest of this life comes to nothing
	}
	if c != nil {
		w.tell(toldRestored, c.Seal.Identity)
	}
	if c == nil || c.ID != p.ID() {
		w.tell(toldAborted, p.of)
	}
	return nil
}

// wantAborted: an error of a checkpoint that came to nothing says so and what is left.
func wantAborted(err error, newest checkpoint.ID) error {
	var aborted *AbortedError
	var unknown *UnknownOutcomeError
	switch {
	case errors.As(err, &unknown): // poisoned before
		return nil
	case !errors.As(err, &aborted):
		return fmt.Errorf("neither aborted nor unknown: %w", err)
	case aborted.Newest != newest:
		return fmt.Errorf("aborted: %w; the newest was %v", err, newest)
	}
	return nil
}

const lifeCycles = 2

// TestEveryFault fails each operation of a job manager's life in turn, with each error
// and in each manner, once and for good. Whatever happens, nothing false is said, and
// when the disk is well again everything that was promised is there.
func TestEveryFault(t *testing.T) {
	verdicts := map[crashfs.Fingerprint]error{}
	for _, rule := range []faultfs.Rule{
		{Err: syscall.EIO},
		{Err: syscall.EIO, Sticky: true},
		{Err: syscall.EIO, Do: faultfs.FailAfter},
		{Err: syscall.ENOSPC, Do: faultfs.FailPartly},
		{Err: syscall.ENOSPC, Do: faultfs.FailPartly, Sticky: true},
		{Err: syscall.EROFS},
		{Err: syscall.EROFS, Sticky: true},
	} {
		t.Run(fmt.Sprintf("%v, action %d, sticky %v", rule.Err, rule.Do, rule.Sticky), func(t *testing.T) {
			runs, fired := 0, 0
			rule.Ops = faultfs.All
			for rule.K = 1; ; rule.K++ {
				n := aFaultyLife(t, rule, verdicts)
				if n == 0 {
					break
				}
				runs, fired = runs+1, fired+n
			}
			t.Logf("%d lives with %d faults", runs, fired)
		})
	}
}

// aFaultyLife lives with a fault, then without, and says how often the fault struck.
func aFaultyLife(t *testing.T, rule faultfs.Rule, verdicts map[crashfs.Fingerprint]error) int {
	t.Helper()
	w := &world{disk: newDisk(t), states: 1, opts: func() Options { return testOptions(1) }, verdicts: verdicts}
	w.fs = w.disk
	if err := w.life(1); err != nil {
		t.Fatalf("without faults: %v", err)
	}
	faulty := faultfs.New(w.disk, rule)
	w.fs = faulty
	if err := w.life(lifeCycles); err != nil && !rule.Sticky && !errors.Is(err, rule.Err) {
		t.Errorf("%+v: %v", rule, err)
	}
	// What was told must hold for who comes next, and after a power cut.
	for state := range w.disk.Point().States(crashfs.Options{}) {
		if err := w.judge(state); err != nil {
			t.Errorf("%+v: %v\n%s\n%s", rule, err, state, strings.Join(w.disk.Trace(), "\n"))
			break
		}
	}
	// The next process, on the disk as it is, goes on.
	w.fs = w.disk
	before := len(w.disk.Trace())
	if err := w.life(1); err != nil {
		t.Errorf("%+v: the life after: %v", rule, err)
	}
	if trace := strings.Join(w.disk.Trace()[before:], "\n"); !strings.Contains(trace, "ack complete") {
		t.Errorf("%+v: in the life after, no checkpoint was completed:\n%s", rule, trace)
	}
	return faulty.Fired(0)
}

// TestEveryFaultThenPowerCut cuts the power at every operation of a life in which one
// operation has failed.
func TestEveryFaultThenPowerCut(t *testing.T) {
	verdicts := map[crashfs.Fingerprint]error{}
	for _, do := range []faultfs.Action{faultfs.Fail, faultfs.FailPartly, faultfs.FailAfter} {
		t.Run(fmt.Sprintf("action %d", do), func(t *testing.T) {
			faults := 0
			var states uint64
			for k := 1; ; k++ {
				w, s := newWorld(t, 1, 1, 1)
				w.verdicts = verdicts
				rule := faultfs.Rule{Ops: faultfs.Mutations, K: k, Do: do, Err: syscall.EIO}
				faulty := faultfs.New(w.disk, rule)
				w.fs, s.fsys = faulty, faulty
				r := w.sweep(t, func() error { return w.liveOn(s) })
				if r.Bad > 0 {
					t.Errorf("%+v: %v", rule, r.Err())
				}
				if faulty.Fired(0) == 0 {
					break
				}
				faults, states = faults+1, states+r.States
			}
			t.Logf("%d faults, %d states", faults, states)
		})
	}
}

// TestPoison: nobody knows whether checkpoint 2 is complete, and nobody says so.
func TestPoison(t *testing.T) {
	for _, c := range []struct {
		name  string
		rule  faultfs.Rule
		found checkpoint.ID // by recovery
	}{
		{"rename refused", faultfs.Rule{Ops: faultfs.Rename, K: 1, Err: syscall.EIO}, 1},
		{"rename done, answer lost", faultfs.Rule{Ops: faultfs.Rename, K: 1, Do: faultfs.FailAfter, Err: syscall.EIO}, 2},
		{"last sync failed", faultfs.Rule{Ops: faultfs.SyncDir, Name: testJob.String(), K: 1, Err: syscall.EIO}, 2},
	} {
		t.Run(c.name, func(t *testing.T) {
			w, s := newWorld(t, 1, 1, 1)
			faulty := faultfs.New(w.disk, c.rule)
			s.fsys = faulty
			other, err := s.Begin()
			check(t, err)
			_, err = publish(s, 1)
			var unknown *UnknownOutcomeError
			if !errors.As(err, &unknown) || unknown.ID != 3 || unknown.Newest != 1 || !errors.Is(err, syscall.EIO) {
				t.Fatalf("got %v", err)
			}
			wantText(t, err, "not known whether checkpoint 3 is complete (checkpoint 1 before it is complete)", "look after the disk")
			if err := other.Publish(metadataOf(other.ID(), nil), nil); !errors.Is(err, unknown) {
				t.Errorf("another checkpoint was published on a poisoned store: %v", err)
			}
			wantFound := checkpoint.ID(1)
			if c.found == 2 {
				wantFound = 3
			}
			got, err := s.Recover(From{})
			check(t, err)
			if got.ID != wantFound || s.Newest() != wantFound {
				t.Errorf("recovered %v, want %v", got.ID, wantFound)
			}
			if id := mustPublish(t, s, 1); id != 4 {
				t.Errorf("next id %v", id)
			}
		})
	}
	t.Run("recovery cannot sync either", func(t *testing.T) {
		w, s := newWorld(t, 1, 1, 1)
		faulty := faultfs.New(w.disk, faultfs.Rule{Ops: faultfs.SyncDir, Name: testJob.String(), K: 1, Sticky: true, Err: syscall.EROFS})
		s.fsys = faulty
		_, err := publish(s, 1)
		var unknown *UnknownOutcomeError
		if !errors.As(err, &unknown) {
			t.Fatal(err)
		}
		if _, err := s.Recover(From{}); !errors.Is(err, syscall.EROFS) {
			t.Errorf("Recover: %v", err)
		}
		if _, err := s.Begin(); !errors.Is(err, unknown) {
			t.Errorf("after a failed recovery the store forgot that it is poisoned: %v", err)
		}
		check(t, s.Close())
	})
	// The re-sync in Recover is what makes it safe to build on what it finds: without it
	// a power cut takes back what was restored.
	t.Run("the sync in Recover is needed", func(t *testing.T) {
		for _, drop := range []bool{false, true} {
			w, s := newWorld(t, 1, 1, 1)
			rules := []faultfs.Rule{{Ops: faultfs.SyncDir, Name: testJob.String(), K: 1, Err: syscall.EIO}}
			if drop {
				rules = append(rules, faultfs.Rule{Ops: faultfs.SyncDir, Name: testJob.String(), K: 2, Do: faultfs.Drop})
			}
			s.fsys = faultfs.New(w.disk, rules...)
			r := w.sweep(t, func() error { return w.liveOn(s) })
			if drop != (r.Bad > 0) {
				t.Errorf("sync in Recover dropped: %v; %v", drop, r.Err())
			}
		}
	})
}
