package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"github.com/weirstream/weir/checkpoint"
	"github.com/weirstream/weir/checkpoint/store"
	"github.com/weirstream/weir/internal/inspect"
)

// hands are what prune deletes with. In a dry run there are none, and everything else is the
// same.
type hands struct{ p *store.Pruning }

// take takes the directory of a job, and lists it again: until then the job could change it.
func (p *prune) take(j *prunedJob) (hands, error) {
	if p.dryRun {
		return hands{}, nil
	}
	pruning, err := store.OpenPruning(p.t.fsys, j.Path, owner("prune"))
	if err != nil {
		return hands{}, err
	}
	fresh, err := (&inspect.Reader{FS: p.t.fsys}).OpenJob(j.Path, j.Shown)
	if err != nil {
		return hands{}, errors.Join(err, pruning.Close())
	}
	fresh.Name = j.Name
	j.Job = fresh
	return hands{pruning}, nil
}

func (h hands) settle(id checkpoint.ID) error {
	if h.p == nil {
		return nil
	}
	return h.p.Settle(id)
}

func (h hands) sweepable(n checkpoint.Name) bool { return h.p == nil || h.p.Sweepable(n) }

func (h hands) remove(n checkpoint.Name) error {
	switch {
	case h.p == nil:
		return nil
	case n.Kind == checkpoint.Complete:
		return h.p.Delete(n.ID)
	default:
		return h.p.Sweep(n)
	}
}

func (h hands) close() error {
	if h.p == nil {
		return nil
	}
	return h.p.Close()
}

// selfContained refuses a directory if any checkpoint in it has state elsewhere: then others
// may have state in it too, and nothing in it may be deleted because of its name. What has a
// seal has all its state in its own directory.
func (p *prune) selfContained(ctx context.Context, j *inspect.Job) error {
	r := p.t.reader(&meter{}, p.readFlags)
	for _, id := range j.Scan.Complete {
		t := j.Target(id)
		name := checkpoint.Name{Kind: checkpoint.Complete, ID: id}
		c, err := r.Open(ctx, inspect.Place{Path: t.Path, Shown: t.Shown})
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case errors.Is(err, fs.ErrNotExist):
			continue // being written or deleted; or it is damaged, and found so
		case err != nil && j.Weirs:
			continue // damaged, and found so: Weir's refer to nothing
		case err != nil:
			return fmt.Errorf("nothing was deleted: what %v refers to cannot be read, and others may share state with it: %w", name, err)
		case c.Seal != nil:
			continue
		}
		if outside := inspect.OutsideFiles(c.Meta); len(outside) > 0 {
			return fmt.Errorf("nothing was deleted: state of %v lies outside of it, in %s; "+
				"so checkpoints here share files, and only Flink knows which can be deleted", name, outside[0])
		}
	}
	return nil
}
