package file

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"

	"github.com/weirstream/weir"
)

// Commit gives the files that were prepared their visible names. When it returns these
// are durable. It does not stop half-way when ctx ends: what is complete is to be seen.
//
// All of them are looked at before the first gets its name. So nothing of a checkpoint that
// has a damaged file becomes visible.
//
// A file of which neither name is there was published by an earlier run and taken by its
// consumer. Commit cannot tell that from a loss; it logs a warning.
func (s sink[T]) Commit(_ context.Context, elements [][]byte) error {
	c := commit[T]{sink: s}
	for _, e := range elements {
		p, err := decodePrepared(e)
		if err != nil {
			return weir.Permanent(err)
		}
		if err := c.look(p); err != nil {
			return err
		}
	}
	for _, p := range c.hidden {
		if err := c.publish(p); err != nil {
			return err
		}
	}
	// Also for names that were there before: the process that gave them may have ended
	// before this line.
	if c.there {
		if err := s.fsys.SyncDir(s.dir); err != nil {
			return fmt.Errorf("sync folder: %w", err)
		}
	}
	if len(c.taken) > 0 {
		slog.Warn("committed output is not in the folder: a consumer may have taken it, and nothing is written again; "+
			"if none does, look for the hidden name elsewhere: such a file was never visible, and may be given its other name",
			"folder", s.dir, "files", len(c.taken), "first", c.taken[0].visible, "hidden name", c.taken[0].hidden)
	}
	return nil
}

// A commit is a commit on its way, and what it found of each file.
type commit[T any] struct {
	sink[T]
	hidden []prepared // to be published
	there  bool       // something has, or will have, its visible name
	taken  []prepared // by a consumer
}

// publish gives a file that was looked at its visible name.
func (c *commit[T]) publish(p prepared) error {
	hidden, visible := c.path(p.hidden), c.path(p.visible)
	err := c.fsys.Rename(hidden, visible)
	switch {
	case err == nil:
		c.running.published(p.hidden)
		return nil
	case errors.Is(err, fs.ErrNotExist): // it is among the elements twice
		return c.wasPublished(p)
	case !errors.Is(err, fs.ErrExist):
		return err
	}
	difference, err := c.difference(visible, p, true)
	if err != nil {
		return err
	}
	if difference != "" {
		return weir.Permanent(fmt.Errorf(
			"%s: another file has the name that prepared output is to get: %s. No file was touched. "+
				"Move it to another folder and start again: the prepared output then becomes visible",
			visible, difference))
	}
	// The same bytes under both names: one is too many, and it is the hidden one.
	if err := c.fsys.Remove(hidden); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	c.running.published(p.hidden)
	return nil
}
