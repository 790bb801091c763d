package store

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/weirstream/weir/checkpoint"
	"github.com/weirstream/weir/durable"
	"github.com/weirstream/weir/durable/crashfs"
)

// A world is a file system that forgets, and what the rest of the world has been told
// meanwhile, which nobody forgets.
type world struct {
	disk   *crashfs.FS
	fs     durable.FS // disk, perhaps with faults before it
	states int        // of each checkpoint
	opts   func() Options

	// verdicts are the oracle's, where several worlds come to the same states; nil where
	// nobody shares them.
	verdicts map[crashfs.Fingerprint]error
}

// The things that are told. Their labels are what the oracle knows.
const (
	toldBegun    = "begun"    // an id was given out: with the incarnation
	toldComplete = "complete" // a checkpoint was reported complete; sinks commit
	toldAborted  = "aborted"  // a checkpoint was reported aborted; sinks abort
	toldRestored = "restored" // a checkpoint was restored; sinks commit
)

func (w *world) tell(what string, of checkpoint.Identity) {
	w.disk.Ack(fmt.Sprintf("%s %d %d", what, of.ID, of.Incarnation))
}

// cycle makes a checkpoint and deletes what is no longer retained.
func (w *world) cycle(s *Store) error {
	if _, err := w.publish(s); err != nil {
		return err
	}
	_, err := s.Subsume()
	return err
}

func (w *world) publish(s *Store) (checkpoint.ID, error) {
	p, err := s.Begin()
	if err != nil {
		return 0, err
	}
	blobs, err := write(p, w.states)
	if err != nil {
		return p.ID(), errors.Join(err, p.Abort())
	}
	if err := p.Publish(metadataOf(p.ID(), blobs), blobs); err != nil {
		return p.ID(), err
	}
	w.tell(toldComplete, p.of)
	return p.ID(), nil
}

// told is what the world knows after a power cut.
type told struct {
	complete, restored checkpoint.ID // the newest
	aborted            []checkpoint.ID
	begun              [][2]int64
}

func toldTo(s *crashfs.State) (t told) {
	for _, label := range s.Acked() {
		var what string
		var id, inc int64
		if _, err := fmt.Sscanf(label, "%s %d %d", &what, &id, &inc); err != nil {
			panic(err)
		}
		switch what {
		case toldBegun:
			t.begun = append(t.begun, [2]int64{id, inc})
		case toldComplete:
			t.complete = max(t.complete, checkpoint.ID(id))
		case toldRestored:
			t.restored = max(t.restored, checkpoint.ID(id))
		case toldAborted:
			t.aborted = append(t.aborted, checkpoint.ID(id))
		}
	}
	return t
}

// judge is the oracle, asked once about each state.
func (w *world) judge(state *crashfs.State) error {
	err, known := w.verdicts[state.Fingerprint()]
	if !known {
		err = w.oracle(state)
		if w.verdicts != nil {
			w.verdicts[state.Fingerprint()] = err
		}
	}
	return err
}

// oracle is the contract: it lets the real recovery loose on what the power cut has
// left and compares what comes of it with what the world has been told.
func (w *world) oracle(state *crashfs.State) error {
	told := toldTo(state)
	disk := state.FS()
	s, c, err := start(disk, w.opts(), From{})
	if err != nil {
		return fmt.Errorf("after a mere crash: %w", err) // O7
	}
	have := checkpoint.ID(0)
	if c != nil {
		have = c.ID
		if err := isWhole(c, w.states); err != nil {
			return fmt.Errorf("torn: checkpoint %v: %w", have, err) // O2, O3
		}
	}
	switch {
	case have < told.complete: // O1
		return fmt.Errorf("checkpoint %v was complete, recovered %v", told.complete, have)
	case have < told.restored: // O5
		return fmt.Errorf("checkpoint %v was restored once, recovered %v", told.restored, have)
	case slices.Contains(told.aborted, have): // O4
		return fmt.Errorf("recovered checkpoint %v, which was aborted", have)
	}
	if err := w.tidy(disk); err != nil { // O6
		return err
	}
	before := fmt.Sprint(listing(disk))
	if err := s.Close(); err != nil {
		return err
	}
	_, c, err = start(disk, w.opts(), From{})
	if err != nil {
		return fmt.Errorf("recover for the second time: %w", err)
	}
	if c != nil && c.ID != have || c == nil && have != 0 || fmt.Sprint(listing(disk)) != before {
		return fmt.Errorf("recovered %v, the second time another state of things", have)
	}
	return w.goesOn(state.FS(), told, have)
}

// goesOn: the next checkpoint succeeds, and none was ever begun under its name (O8).
func (w *world) goesOn(disk *crashfs.FS, told told, have checkpoint.ID) error {
	s, _, err := start(disk, w.opts(), From{})
	if err != nil {
		return err
	}
	next := world{disk: disk, fs: disk, states: w.states, opts: w.opts}
	id, err := next.publish(s)
	if err != nil {
		return fmt.Errorf("next checkpoint: %w", err)
	}
	if id <= have || slices.Contains(told.begun, [2]int64{int64(id), int64(s.Incarnation())}) {
		return fmt.Errorf("checkpoint %v of incarnation %v was begun once already", id, s.Incarnation())
	}
	return nil
}

// tidy: only what is retained is left, and all of it is whole.
func (w *world) tidy(disk *crashfs.FS) error {
	entries, err := disk.ReadDir(string(jobDir))
	if err != nil {
		return err
	}
	n := 0
	for _, e := range entries {
		name := checkpoint.ParseName(e.Name)
		switch {
		case name.Kind == checkpoint.Furniture:
			continue
		case name.Kind != checkpoint.Complete:
			return fmt.Errorf("%s was left behind", e.Name)
		}
		n++
		c, err := ReadCheckpoint(disk, jobDir.Path(name), ReadOptions{})
		if err == nil {
			err = isWhole(c, w.states)
		}
		if err != nil {
			return fmt.Errorf("%s is kept and not whole: %w", e.Name, err)
		}
	}
	if retain := max(1, w.opts().Retain); n > retain {
		return fmt.Errorf("%d checkpoints are kept, want %d", n, retain)
	}
	return nil
}

// listing is all names below the job's directory.
func listing(disk *crashfs.FS) (all []string) {
	entries, _ := disk.ReadDir(string(jobDir))
	for _, e := range entries {
		all = append(all, e.Name)
		if e.Dir {
			below, _ := disk.ReadDir(jobDir.Join(e.Name))
			for _, b := range below {
				all = append(all, e.Name+"/"+b.Name)
			}
		}
	}
	return all
}

// newWorld is a world with a job that has made some checkpoints already, all of it
// durable, and the store that made them.
func newWorld(t testing.TB, states, retain, before int) (*world, *Store) {
	t.Helper()
	w := &world{disk: newDisk(t), states: states, opts: func() Options { return testOptions(retain) }}
	w.fs = w.disk
	s, _ := mustStart(t, w.fs, w.opts())
	for range before {
		check(t, w.cycle(s))
	}
	w.disk.Settle()
	return w, s
}

// sweep looks at every state that a power cut during scenario may leave.
func (w *world) sweep(t testing.TB, scenario func() error) *crashfs.Report {
	t.Helper()
	r, err := crashfs.Sweep(w.disk, crashfs.Options{}, scenario, w.judge)
	check(t, err)
	if r.Sampled > 0 {
		t.Fatalf("not exhaustive: %v", r)
	}
	return r
}

func wantNoneBad(t testing.TB, r *crashfs.Report) {
	t.Helper()
	t.Log(r)
	if err := r.Err(); err != nil {
		t.Error(err)
	}
}
