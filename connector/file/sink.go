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
}

func newSink[T any](fsys durable.FS, dir, extension string, enc newEncoder[T]) weir.Sink[T] {
	return sink[T]{fsys: fsys, dir: path.Clean(dir), extension: extension, newEncoder: enc}
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
	return &writer[T]{parts: p, encode: s.newEncoder(p)}, nil
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
func (s sink[T]) Commit(_ context.Context, elements [][]byte) error {
	for _, e := range elements {
		p, err := decodePrepared(e)
		if err != nil {
			return weir.Permanent(err)
		}
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

// publish gives one file its visible name, unless it has it already.
func (s sink[T]) publish(p prepared) error {
	hidden, visible := s.path(p.hidden), s.path(p.visible)
	e, err := s.fsys.Stat(hidden)
	if errors.Is(err, fs.ErrNotExist) {
		return s.wasPublished(p)
	}
	if err != nil {
		return err
	}
	if !e.Regular || e.Size != p.length {
		return weir.Permanent(fmt.Errorf("%s: prepared output is damaged: it has %d bytes, %d were written and synced", hidden, e.Size, p.length))
	}
	err = s.fsys.Rename(hidden, visible)
	if !errors.Is(err, fs.ErrExist) {
		return err
	}
	if err := s.wasPublished(p); err != nil {
		return err
	}
	// The same bytes under both names: one is too many, and it is the hidden one.
	if err := s.fsys.Remove(hidden); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// wasPublished makes sure that what is under the visible name is what was prepared.
func (s sink[T]) wasPublished(p prepared) error {
	visible := s.path(p.visible)
	e, err := s.fsys.Stat(visible)
	if errors.Is(err, fs.ErrNotExist) {
		return weir.Permanent(fmt.Errorf(
			"%s: prepared output is missing: neither this file nor %s is there, and the checkpoint says that one of them is; if it was moved away, move it back",
			visible, p.hidden))
	}
	if err != nil {
		return err
	}
	same := e.Regular && e.Size == p.length
	if same {
		sum, err := s.checksumOf(visible)
		if err != nil {
			return err
		}
		same = sum == p.checksum
	}
	if !same {
		return weir.Permanent(fmt.Errorf(
			"%s: is there already, and is not what this job has prepared under the name: it is output of another run, whose checkpoints are gone, or was changed; move it away, or give the job another folder",
			visible))
	}
	return nil
}

func (s sink[T]) checksumOf(name string) (uint32, error) {
	r, err := s.fsys.Open(name)
	if err != nil {
		return 0, err
	}
	defer r.Close()
	return checksumAll(r)
}

func (s sink[T]) path(name string) string { return path.Join(s.dir, name) }
