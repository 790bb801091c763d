package main

import (
	"context"
	"errors"
	"fmt"
	"path"
	"slices"
	"time"

	"github.com/weirstream/weir/durable"
)

// A cost is how long something takes here.
type cost struct {
	what          string
	files         int // state files of a checkpoint; 0 if it is not about a checkpoint
	runs          int
	median, worst time.Duration
}

const (
	// costRuns is how often each is measured, which is enough for a median.
	costRuns = 9
	// costTime bounds how long one is measured, on a slow disk.
	costTime = 3 * time.Second
	// syncBytes is how many bytes a sync of a file is measured with.
	syncBytes = 4 << 10
)

// measure measures how long a sync takes, and a checkpoint.
func (d *doctor) measure(ctx context.Context, scratch string) error {
	fsys := d.t.fsys
	n := 0
	dir := path.Join(scratch, "cost")
	if err := fsys.Mkdir(dir); err != nil {
		return err
	}
	err := d.time(ctx, cost{what: "sync of a file"}, func() (took time.Duration, err error) {
		n++
		err = durable.FillFile(timedFS{fsys, d.t.clock, &took}, path.Join(dir, fmt.Sprint("file-", n)), writeZeros(syncBytes))
		return took, err
	})
	if err != nil {
		return err
	}
	err = d.time(ctx, cost{what: "sync of a directory"}, func() (took time.Duration, err error) {
		n++
		if err := fsys.Mkdir(path.Join(dir, fmt.Sprint("dir-", n))); err != nil {
			return 0, err
		}
		err = timedFS{fsys, d.t.clock, &took}.SyncDir(dir)
		return took, err
	})
	if err != nil {
		return err
	}
	s, err := d.open(path.Join(scratch, "checkpoints"))
	if err != nil {
		return err
	}
	for _, files := range []int{1, 4, 16} {
		c := cost{what: "checkpoint of " + counted(files, "state file"), files: files}
		err := d.time(ctx, c, func() (time.Duration, error) {
			began := d.t.clock.now()
			err := writeCheckpoint(s, files)
			return d.t.clock.now().Sub(began), err
		})
		if err != nil {
			return errors.Join(err, s.Close())
		}
	}
	return s.Close()
}

// time runs something a few times and notes how long it takes.
func (d *doctor) time(ctx context.Context, c cost, run func() (time.Duration, error)) error {
	var took []time.Duration
	for began := d.t.clock.now(); len(took) < costRuns; {
		if ctx.Err() != nil {
			return errors.New("interrupted; the scratch directory was removed")
		}
		one, err := run()
		if err != nil {
			return fmt.Errorf("measure a %s: %w", c.what, err)
		}
		took = append(took, one)
		if len(took)%2 == 1 && d.t.clock.now().Sub(began) > costTime {
			break
		}
	}
	slices.Sort(took)
	c.runs, c.median, c.worst = len(took), took[len(took)/2], took[len(took)-1]
	d.costs = append(d.costs, c)
	return nil
}
