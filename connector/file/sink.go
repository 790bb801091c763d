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
	running    *running
}

func newSink[T any](fsys durable.FS, dir, extension string, enc newEncoder[T]) weir.Sink[T] {
	if dir != "" { // which Claim refuses
		dir = path.Clean(dir)
	}
	return sink[T]{fsys: fsys, dir: dir, extension: extension, newEncoder: enc, running: newRunning()}
}

func (s sink[T]) path(name string) string { return path.Join(s.dir, name) }

// run returns the run that has claimed the folder.
func (s sink[T]) run(id weir.SinkID) (run, error) {
	r, ok := s.running.of(ownerOf(id))
	if !ok {
		return run{}, weir.Permanent(fmt.Errorf("the output folder %s was not claimed: a sink that wraps this one must have its method Claim, too", s.dir))
	}
	return r, nil
}

// Open makes the folder, durably, if it is missing: a consumer may have moved it away. The
// first file is made when there is something to write.
func (s sink[T]) Open(_ context.Context, c weir.SinkContext) (weir.Writer[T], error) {
	r, err := s.run(c.SinkID)
	if err != nil {
		return nil, err
	}
	if err := durable.MkdirAll(s.fsys, s.dir); err != nil {
		return nil, err
	}
	p := &parts{fsys: s.fsys, dir: s.dir, extension: s.extension, name: inProgress{
		owner:       ownerOf(c.SinkID),
		run:         r,
		incarnation: c.Incarnation,
		attempt:     c.Attempt,
		subtask:     checkpoint.Subtask(c.Subtask),
	}}
	return &writer[T]{parts: p, encode: s.newEncoder(p), running: s.running}, nil
}

// Abort removes the files that earlier attempts of this sink, and earlier runs of its
// lineage, have left hidden. Those of other sinks and lineages in the folder stay.
func (s sink[T]) Abort(_ context.Context, id weir.SinkID) error {
	r, err := s.run(id)
	if err != nil {
		return err
	}
	entries, err := s.fsys.ReadDir(s.dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	for _, e := range entries {
		n, ok := parseInProgress(e.Name)
		if !ok || n.owner != ownerOf(id) || n.run.lineage != r.lineage {
			continue
		}
		if err := s.fsys.Remove(s.path(e.Name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}
