package store

import (
	"errors"
	"fmt"
	"slices"

	"github.com/weirstream/weir/checkpoint"
	"github.com/weirstream/weir/durable"
	"github.com/weirstream/weir/durable/crashfs"
)

// The oracle is the contract, in eight parts. It lets the real recovery loose on what a
// power cut has left, and compares what comes of it with what was written and with what
// the world has been told; it trusts no checksum. oracles_test.go breaks each part alone,
// to see that it is noticed.
const (
	o1 = "O1 durability"      // what was reported complete is there, or something newer
	o2 = "O2 integrity"       // every byte of what is recovered is the byte that was written
	o3 = "O3 no torn restore" // what is recovered is all there
	o4 = "O4 no ghost"        // what was reported aborted is never recovered
	o5 = "O5 side effects"    // no output is visible of a checkpoint newer than the recovered; what is remembered to be visible is
	o6 = "O6 garbage"         // what is not retained is gone, what is retained is whole; recovering twice is recovering once
	o7 = "O7 classification"  // a crash is never taken for damage, damage never for a crash
	o8 = "O8 liveness"        // recovery succeeds, and so does the next checkpoint, under numbers that were never used
)

// A violation is what one part of the oracle has found.
type violation struct {
	oracle string
	err    error
}

func (v *violation) Error() string { return v.oracle + ": " + v.err.Error() }
func (v *violation) Unwrap() error { return v.err }

func violated(oracle, format string, args ...any) error {
	return &violation{oracle, fmt.Errorf(format, args...)}
}

// told is what the world knows after a power cut.
type told struct {
	complete  checkpoint.ID // the newest
	committed checkpoint.ID // the newest whose output can be seen: sinks commit again what was restored
	noted     checkpoint.ID // the newest of which that was remembered
	aborted   []checkpoint.ID
	begun     [][2]int64 // ids and incarnations
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
			t.begun = append(t.begun, [2]int64{id, inc})
			t.complete = max(t.complete, checkpoint.ID(id))
		case toldCommitted, toldRestored:
			t.committed = max(t.committed, checkpoint.ID(id))
		case toldNoted:
			t.noted = max(t.noted, checkpoint.ID(id))
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

// oracle is all eight parts.
func (w *world) oracle(state *crashfs.State) error {
	told := toldTo(state)
	disk := state.FS()
	s, c, err := w.recovery(disk)
	if err != nil {
		return failedRecovery(err)
	}
	have := checkpoint.ID(0)
	if c != nil {
		have = c.ID
	}
	// The rest would follow from any of these.
	if err := errors.Join(w.asWritten(c), asTold(told, have), asRemembered(told, c)); err != nil {
		return err
	}
	if s.Incarnation() <= told.incarnation() {
		return violated(o8, "incarnation %v is taken a second time", s.Incarnation())
	}
	if err := w.tidy(disk); err != nil {
		return err
	}
	if err := w.again(disk, s, have); err != nil {
		return err
	}
	if w.flips && have > 0 && have == told.complete {
		return w.notices(state, have)
	}
	return nil
}

// recovery is what is under test.
func (w *world) recovery(disk durable.FS) (*Store, *Checkpoint, error) {
	if w.through != nil {
		disk = w.through(disk)
	}
	if w.recover != nil {
		return w.recover(disk, w.opts())
	}
	return start(disk, w.opts(), From{})
}

func isDamage(err error) bool {
	var damaged *DamagedError
	var metadata *MetadataError
	return errors.As(err, &damaged) || errors.As(err, &metadata)
}

func failedRecovery(err error) error {
	if isDamage(err) {
		return violated(o7, "after a mere crash: %w", err)
	}
	return violated(o8, "after a crash: %w", err)
}

// asWritten compares a checkpoint with what was written, byte by byte.
func (w *world) asWritten(c *Checkpoint) error {
	if c == nil {
		return nil
	}
	err := isWhole(c, w.states)
	switch {
	case err == nil:
		return nil
	case errors.As(err, new(*differs)):
		return violated(o2, "checkpoint %v: %w", c.ID, err)
	default:
		return violated(o3, "checkpoint %v: %w", c.ID, err)
	}
}

// asTold compares what was recovered with what the world has been told.
func asTold(told told, have checkpoint.ID) error {
	var errs []error
	if have < told.complete {
		errs = append(errs, violated(o1, "checkpoint %v was complete, recovered %v", told.complete, have))
	}
	if slices.Contains(told.aborted, have) {
		errs = append(errs, violated(o4, "recovered checkpoint %v, which was aborted", have))
	}
	if have < told.committed {
		errs = append(errs, violated(o5, "output of checkpoint %v is visible, recovered %v", told.committed, have))
	}
	return errors.Join(errs...)
}

// asRemembered compares what is known of output with what the world has been told.
func asRemembered(told told, c *Checkpoint) error {
	switch {
	case c == nil:
		return nil
	case c.ID <= told.noted && !c.Committed:
		return violated(o5, "that the output of checkpoint %v is visible was remembered, and is not known", told.noted)
	case c.Committed && c.ID > told.committed:
		return violated(o5, "the output of checkpoint %v is called visible, and is not", c.ID)
	}
	return nil
}

// incarnation is the highest that was ever used.
func (t told) incarnation() (highest checkpoint.Incarnation) {
	for _, b := range t.begun {
		highest = max(highest, checkpoint.Incarnation(b[1]))
	}
	return highest
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
			return violated(o6, "%s is left", e.Name)
		}
		n++
		c, err := ReadCheckpoint(disk, jobDir.Path(name), ReadOptions{})
		if err == nil {
			err = isWhole(c, w.states)
		}
		if err != nil {
			return violated(o6, "%s is kept and not whole: %w", e.Name, err)
		}
	}
	if retain := max(1, w.opts().Retain); n > retain {
		return violated(o6, "%d checkpoints are kept, want %d", n, retain)
	}
	return nil
}

// again: recovering a second time changes nothing, and the job goes on from there.
func (w *world) again(disk *crashfs.FS, s *Store, have checkpoint.ID) error {
	before := listing(disk)
	if err := s.Close(); err != nil {
		return err
	}
	s, c, err := w.recovery(disk)
	if err != nil {
		return violated(o6, "recover for the second time: %w", err)
	}
	if c != nil && c.ID != have || c == nil && have != 0 || !slices.Equal(listing(disk), before) {
		return violated(o6, "recovered %v, the second time another state of things", have)
	}
	next := world{disk: disk, fs: disk, states: w.states, opts: w.opts}
	id, err := next.publish(s)
	if err != nil {
		return violated(o8, "next checkpoint: %w", err)
	}
	if id <= have {
		return violated(o8, "checkpoint %v comes after %v", id, have)
	}
	return nil
}

// notices: a bit of a complete checkpoint that has changed is not passed over.
func (w *world) notices(state *crashfs.State, have checkpoint.ID) error {
	disk := state.FS()
	name, bit, err := flipABit(disk, have, state.Fingerprint())
	if err != nil {
		return err
	}
	if _, c, err := w.recovery(disk); err == nil {
		return violated(o7, "bit %d of %s was flipped, and recovery gave out checkpoint %v", bit, name, c.ID)
	}
	return nil
}

// flipABit changes one bit of a checkpoint: which one depends on the state.
func flipABit(disk *crashfs.FS, id checkpoint.ID, dice crashfs.Fingerprint) (name string, bit int, err error) {
	dir := jobDir.Complete(id)
	files, err := disk.ReadDir(dir)
	if err != nil {
		return "", 0, err
	}
	files = slices.DeleteFunc(files, func(e durable.Entry) bool { return e.Name == lateName }) // not its own
	f := files[int(dice[0])%len(files)]
	name = checkpoint.FileIn(dir, f.Name)
	bit = (int(dice[1])<<8 | int(dice[2])) % int(8*f.Size)
	return name, bit, rewrite(disk, name, flipBit(bit))
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
