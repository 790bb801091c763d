package store

import (
	"errors"
	"fmt"
	"testing"

	"github.com/weirstream/weir/checkpoint"
	"github.com/weirstream/weir/durable"
	"github.com/weirstream/weir/durable/crashfs"
)

// A world is a file system that forgets, and what the rest of the world has been told
// meanwhile, which is not forgotten.
type world struct {
	disk   *crashfs.FS
	fs     durable.FS // disk, perhaps with faults before it
	states int        // of each checkpoint
	opts   func() Options

	// verdicts are the oracle's, where several worlds come to the same states; nil where
	// they are not shared.
	verdicts map[crashfs.Fingerprint]error

	sinks bool // make output visible as soon as a checkpoint is complete

	// For the oracle. flips: in a state with a complete checkpoint a bit is flipped, too,
	// and recovery must notice. recover is what it lets loose; nil is start, and anything
	// else is a broken one, to see the oracle go red. through is what that sees the disk
	// through.
	flips   bool
	recover func(durable.FS, Options) (*Store, *Checkpoint, error)
	through func(durable.FS) durable.FS
}

// The things that are told. Their labels are what the oracle knows.
const (
	toldBegun     = "begun"     // an id was given out: with the incarnation
	toldComplete  = "complete"  // a checkpoint was reported complete
	toldCommitted = "committed" // sinks have made its output visible
	toldNoted     = "noted"     // and that was remembered
	toldAborted   = "aborted"   // a checkpoint was reported aborted; sinks abort
	toldRestored  = "restored"  // a checkpoint was restored; sinks commit
)

func (w *world) tell(what string, of checkpoint.Identity) {
	w.disk.Ack(fmt.Sprintf("%s %d %d", what, of.ID, of.Incarnation))
	if w.sinks && what == toldComplete {
		w.tell(toldCommitted, of)
	}
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
	if err := p.Publish(metadataOf(p.ID(), blobs), blobs, testNames); err != nil {
		return p.ID(), err
	}
	w.tell(toldComplete, p.of)
	return p.ID(), nil
}

// remember has the sinks commit a checkpoint, and the store remember that.
func (w *world) remember(s *Store, id checkpoint.ID) error {
	w.tell(toldCommitted, s.identity(id))
	if err := s.Committed(id); err != nil {
		return err
	}
	w.tell(toldNoted, s.identity(id))
	return nil
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
