package file

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"

	"github.com/weirstream/weir"
	"github.com/weirstream/weir/checkpoint"
	"github.com/weirstream/weir/durable"
)

// sink is a folder as a sink, whatever its files hold.
type sink[T any] struct {
	fsys       durable.FS
	dir        string
	extension  string
	newEncoder newEncoder[T]
	writers    *writers
}

func newSink[T any](fsys durable.FS, dir, extension string, enc newEncoder[T]) weir.Sink[T] {
	return sink[T]{fsys: fsys, dir: path.Clean(dir), extension: extension, newEncoder: enc, writers: newWriters()}
}

// Open makes the folder, durably, if it is missing. The first file is made when there is
// something to write.
func (s sink[T]) Open(_ context.Context, c weir.SinkContext) (weir.Writer[T], error) {
	if err := durable.MkdirAll(s.fsys, s.dir); err != nil {
		return nil, err
	}
	p := &parts{fsys: s.fsys, dir: s.dir, extension: s.extension, name: inProgress{
		owner:       ownerOf(c.SinkID),
		incarnation: c.Incarnation,
		attempt:     c.Attempt,
		subtask:     checkpoint.Subtask(c.Subtask),
	}}
	s.writers.opened(p.name)
	return &writer[T]{parts: p, encode: s.newEncoder(p), writers: s.writers}, nil
}

// Abort removes the files that earlier attempts of this sink have left unfinished. Those
// of other sinks in the folder stay.
func (s sink[T]) Abort(_ context.Context, id weir.SinkID) error {
	entries, err := s.fsys.ReadDir(s.dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	for _, e := range entries {
		n, ok := parseInProgress(e.Name)
		if !ok || n.owner != ownerOf(id) {
			continue
		}
		if err := s.fsys.Remove(s.path(e.Name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

// Commit gives the files that were prepared their visible names. When it returns these
// are durable. It does not stop half-way when ctx ends: what is complete is to be seen.
//
// All of them are looked at before the first gets its name. So nothing of a checkpoint that
// has lost a file becomes visible, and going back behind it repeats nothing of this sink's.
func (s sink[T]) Commit(_ context.Context, elements [][]byte) error {
	var waiting []prepared
	for _, e := range elements {
		p, err := decodePrepared(e)
		if err != nil {
			return weir.Permanent(err)
		}
		hidden, err := s.look(p)
		if err != nil {
			return err
		}
		if hidden {
			waiting = append(waiting, p)
		}
	}
	for _, p := range waiting {
		if err := s.publish(p); err != nil {
			return err
		}
	}
	if len(elements) == 0 {
		return nil
	}
	// Also for names that were there before: the one who gave them may have died before
	// this line.
	if err := s.fsys.SyncDir(s.dir); err != nil {
		return fmt.Errorf("sync folder: %w", err)
	}
	return nil
}

// publish gives a file that was looked at its visible name.
func (s sink[T]) publish(p prepared) error {
	hidden, visible := s.path(p.hidden), s.path(p.visible)
	err := s.fsys.Rename(hidden, visible)
	switch {
	case errors.Is(err, fs.ErrNotExist): // it is among the elements twice
		return s.wasPublished(p)
	case !errors.Is(err, fs.ErrExist):
		return err
	}
	difference, err := s.difference(visible, p, true)
	if err != nil {
		return err
	}
	if difference != "" {
		return weir.Permanent(fmt.Errorf(
			"%s: is there already, and is not what this job has prepared under the name: it is output of another run, whose checkpoints are gone, or was changed; move it away, or give the job another folder",
			visible))
	}
	// The same bytes under both names: one is too many, and it is the hidden one.
	if err := s.fsys.Remove(hidden); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

func (s sink[T]) path(name string) string { return path.Join(s.dir, name) }
