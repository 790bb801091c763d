package main

import (
	"errors"
	"fmt"
	"io/fs"
	"path"

	"github.com/weirstream/weir/checkpoint"
	"github.com/weirstream/weir/checkpoint/store"
	"github.com/weirstream/weir/flink"
)

// hands are what prune does its deletions with. In a dry run there are none, and
// everything else is the same.
type hands struct{ p *store.Pruning }

// take takes the directory of a job, and lists it anew: until then it was the job's to
// change.
func (p *prune) take(j *prunedJob) (hands, error) {
	if p.dryRun {
		return hands{}, nil
	}
	pruning, err := store.OpenPruning(p.t.fsys, j.name, owner("prune"))
	if err != nil {
		return hands{}, err
	}
	fresh, err := readJob(p.t.fsys, j.name, j.shown)
	if err != nil {
		return hands{}, errors.Join(err, pruning.Close())
	}
	j.jobDir = fresh
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

// selfContained refuses a directory if any checkpoint in it has state elsewhere: then
// others may have state in it, too, and nothing in it may go by its name alone. What has
// a seal has all its state in its own directory.
func (p *prune) selfContained(j *jobDir) error {
	for _, id := range j.scan.Complete {
		name := checkpoint.Name{Kind: checkpoint.Complete, ID: id}.String()
		at := path.Join(j.name, name)
		err := metadataFits(p.t.fsys, at, p.maxBlock)
		var c *store.Checkpoint
		if err == nil {
			c, err = store.ReadCheckpoint(p.t.fsys, at, store.ReadOptions{})
		}
		switch {
		case errors.Is(err, fs.ErrNotExist):
			continue // being written or being deleted; or it is damaged, and found so
		case err != nil && j.weirs:
			continue // damaged, and found so: Weir's refer to nothing
		case err != nil:
			return fmt.Errorf("nothing was deleted: what %s refers to cannot be read, and others may share state with it: %w", name, err)
		case c.Seal != nil:
			continue
		}
		for ref := range c.Meta.Streams() {
			elsewhere := ""
			switch h := ref.Handle.(type) {
			case *flink.FileHandle:
				elsewhere = h.Path
			case *flink.SegmentHandle:
				elsewhere = h.Path
			default:
				continue
			}
			return fmt.Errorf("nothing was deleted: state of %s lies outside of it, in %s; "+
				"so checkpoints here share files, and only Flink knows which can go", name, elsewhere)
		}
	}
	return nil
}
