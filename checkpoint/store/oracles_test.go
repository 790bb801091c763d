package store

import (
	"errors"
	"maps"
	"slices"
	"syscall"
	"testing"

	"github.com/weirstream/weir/checkpoint"
	"github.com/weirstream/weir/durable"
	"github.com/weirstream/weir/durable/crashfs"
	"github.com/weirstream/weir/durable/faultfs"
)

// TestOracles is the oracle of the oracle: each promise is broken once, on purpose and
// alone, and exactly the part of the oracle that stands for it goes red.
func TestOracles(t *testing.T) {
	for _, c := range []struct {
		name   string
		oracle string // the one that goes red; "" for none
		states int
		retain int
		drop   faultfs.Rule // a sync that the store forgets
		alter  func(w *world)
		run    func(w *world, s *Store) error
	}{
		{"nothing is broken", "", 2, 1, faultfs.Rule{}, nil, published},
		{"the directory's sync is forgotten", o1, 1, 2,
			faultfs.Rule{Ops: faultfs.SyncDir, Name: testJob.String(), K: 1}, nil, published},
		{"a subtask writes other bytes than it should", o2, 1, 2, faultfs.Rule{}, nil,
			func(w *world, s *Store) error { return w.publishOther(s, 1, 'x') }},
		{"a subtask's state is forgotten", o3, 2, 2, faultfs.Rule{}, nil,
			func(w *world, s *Store) error { return w.publishOther(s, 1, 0) }},
		{"recovery does not verify, and a file's sync is forgotten", o3, 1, 2,
			faultfs.Rule{Ops: faultfs.Sync, Name: "state-*", K: 1},
			func(w *world) { w.recover = trusting }, published},
		{"sinks are told of an abort that is none", o4, 1, 2, faultfs.Rule{}, nil,
			func(w *world, s *Store) error {
				p, err := w.begin(s)
				if err != nil {
					return err
				}
				blobs, err := write(p, w.states)
				if err != nil {
					return err
				}
				w.tell(toldAborted, p.of)
				return p.Publish(metadataOf(p.ID(), blobs), blobs, testNames)
			}},
		{"sinks commit before the checkpoint is complete", o5, 1, 2, faultfs.Rule{}, nil,
			func(w *world, s *Store) error {
				w.tell(toldCommitted, s.identity(s.last+1))
				return published(w, s)
			}},
		{"recovery leaves leftovers", o6, 1, 1, faultfs.Rule{},
			func(w *world) { w.through = failing(faultfs.Remove, "*") }, published},
		{"recovery keeps too many", o6, 1, 2, faultfs.Rule{},
			func(w *world) {
				w.recover = func(fsys durable.FS, opts Options) (*Store, *Checkpoint, error) {
					opts.Retain++
					return start(fsys, opts, From{})
				}
			}, func(w *world, s *Store) error { return errors.Join(published(w, s), published(w, s)) }},
		{"a file's sync is forgotten", o7, 1, 2,
			faultfs.Rule{Ops: faultfs.Sync, Name: "state-*", K: 1}, nil, published},
		{"the metadata's sync is forgotten", o7, 1, 2,
			faultfs.Rule{Ops: faultfs.Sync, Name: "_metadata", K: 1}, nil, published},
		{"recovery passes over what is damaged", o7, 1, 2, faultfs.Rule{},
			func(w *world) {
				w.flips = true
				w.recover = func(fsys durable.FS, opts Options) (*Store, *Checkpoint, error) {
					return start(fsys, opts, From{AllowFallback: true})
				}
			}, published},
		{"an incarnation is not noted", o8, 1, 2,
			faultfs.Rule{Ops: faultfs.Sync, Name: ".lock", K: 2}, nil,
			func(w *world, s *Store) error {
				if err := s.Close(); err != nil {
					return err
				}
				s, err := w.restart()
				if err != nil {
					return err
				}
				_, err = w.begin(s)
				return err
			}},
		{"the next checkpoint cannot be made", o8, 1, 2, faultfs.Rule{},
			func(w *world) { w.through = failing(faultfs.Create, "_metadata") }, published},
	} {
		t.Run(c.name, func(t *testing.T) {
			w, s := newWorld(t, c.states, c.retain, c.retain)
			if c.alter != nil {
				c.alter(w)
			}
			if c.drop.K > 0 {
				c.drop.Do = faultfs.Drop
				faulty := faultfs.New(w.disk, c.drop)
				w.fs, s.fsys = faulty, faulty
				defer func() {
					if faulty.Fired(0) != 1 {
						t.Error("no sync was forgotten")
					}
				}()
			}
			red := map[string]int{}
			_, err := crashfs.Sweep(w.disk, crashfs.Options{}, func() error { return c.run(w, s) },
				func(state *crashfs.State) error {
					err := w.oracle(state)
					for _, o := range oraclesIn(err) {
						red[o]++
					}
					return nil
				})
			check(t, err)
			want := []string{c.oracle}
			if c.oracle == "" {
				want = nil
			}
			if got := slices.Sorted(maps.Keys(red)); !slices.Equal(got, want) {
				t.Errorf("red: %v, want %q alone", red, c.oracle)
			}
		})
	}
}

// oraclesIn lists the parts of the oracle that an error is from.
func oraclesIn(err error) (names []string) {
	switch e := err.(type) {
	case nil:
	case *violation:
		return []string{e.oracle}
	case interface{ Unwrap() []error }:
		for _, err := range e.Unwrap() {
			names = append(names, oraclesIn(err)...)
		}
	default:
		if inner := errors.Unwrap(err); inner != nil {
			return oraclesIn(inner)
		}
		names = []string{"none: " + err.Error()}
	}
	return names
}

func published(w *world, s *Store) error {
	_, err := w.publish(s)
	return err
}

// publishOther makes a checkpoint with fewer states than there should be, or with a byte
// that is another one, if that is not 0.
func (w *world) publishOther(s *Store, states int, other byte) error {
	p, err := w.begin(s)
	if err != nil {
		return err
	}
	var blobs []Blob
	for i := range states {
		data := stateOf(p.of, i)
		if other != 0 {
			data[7] = other
		}
		sw := p.NewWriter("test state", checkpoint.Subtask(i))
		if _, err := sw.Write(data); err != nil {
			return err
		}
		b, err := sw.Close()
		if err != nil {
			return err
		}
		blobs = append(blobs, b)
	}
	if err := p.Publish(metadataOf(p.ID(), blobs), blobs, testNames); err != nil {
		return err
	}
	w.tell(toldComplete, p.of)
	return nil
}

// trusting recovers, and takes what is damaged for whole if its metadata can be read.
func trusting(fsys durable.FS, opts Options) (*Store, *Checkpoint, error) {
	s, c, err := start(fsys, opts, From{})
	var damaged *DamagedError
	if !errors.As(err, &damaged) {
		return s, c, err
	}
	c, err = ReadCheckpoint(fsys, damaged.Report.Dir, ReadOptions{})
	return s, c, err
}

// failing lets all operations of a kind fail.
func failing(ops faultfs.Op, name string) func(durable.FS) durable.FS {
	return func(fsys durable.FS) durable.FS {
		return faultfs.New(fsys, faultfs.Rule{Ops: ops, Name: name, K: 1, Sticky: true, Err: syscall.EIO})
	}
}
