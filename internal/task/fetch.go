package task

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"slices"
	"sync"
	"time"

	"github.com/weirstream/weir/internal/exchange"
	"github.com/weirstream/weir/internal/flow"
)

// fetchChannel is the channel on which a source's task gets what was fetched.
const fetchChannel = 0

// discoverEvery is how often an unbounded source is asked for new splits.
const discoverEvery = time.Second

// idle is how long a split that has nothing is left alone, if its reader does not wait
// by itself.
const idle = 10 * time.Millisecond

// A fetcher reads the splits of one subtask into its gate, in goroutines of its own, so
// that a reader that waits does not hold up checkpoints.
type fetcher struct {
	source      flow.Source
	splits      []flow.Split    // the subtask's share
	gone        []flow.Split    // of the share, and not there
	known       map[string]bool // the ids of all subtasks' splits
	subtask     int
	parallelism int
}

// run reads until ctx ends, the gate is closed, something fails or, if the source is
// bounded, everything is read.
//
// The splits of a bounded source are read one after the other, so that a folder of a
// thousand files does not mean a thousand open ones. Those of an unbounded source may
// each have nothing for a long time, so each is read by a goroutine of its own.
func (f *fetcher) run(ctx context.Context, gate *exchange.Gate[Control]) error {
	if f.source.Bounded() {
		for _, s := range f.splits {
			if err := f.read(ctx, gate, s); err != nil {
				return err
			}
		}
		return gate.Send(fetchChannel, exchange.Element{End: true})
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var readers sync.WaitGroup
	start := func(s flow.Split) {
		readers.Go(func() {
			if err := f.read(ctx, gate, s); err != nil {
				cancel(err)
			}
		})
	}
	for _, s := range f.splits {
		start(s)
	}
	ticker := time.NewTicker(discoverEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			readers.Wait()
			return context.Cause(ctx)
		case <-ticker.C:
		}
		fresh, err := f.discover(ctx)
		if err != nil {
			cancel(err)
		}
		for _, s := range fresh {
			start(s)
		}
	}
}

// discover returns the splits that are new and fall to this subtask, and those of its own
// that were gone and have come back. Every subtask asks for itself and divides by the same
// rule, so nobody needs to be told.
func (f *fetcher) discover(ctx context.Context) ([]flow.Split, error) {
	ids, err := f.source.Splits(ctx)
	if err != nil {
		return nil, err
	}
	var fresh []flow.Split
	for _, id := range ids {
		if i := slices.IndexFunc(f.gone, func(s flow.Split) bool { return s.ID == id }); i >= 0 {
			fresh = append(fresh, f.gone[i])
			f.gone = slices.Delete(f.gone, i, i+1)
			continue
		}
		if f.known[id] {
			continue
		}
		f.known[id] = true
		h := fnv.New32a()
		io.WriteString(h, id)
		if int(h.Sum32()%uint32(f.parallelism)) == f.subtask {
			fresh = append(fresh, flow.Split{ID: id})
		}
	}
	return fresh, nil
}

// read reads one split to its end.
func (f *fetcher) read(ctx context.Context, gate *exchange.Gate[Control], s flow.Split) (err error) {
	r, err := f.source.Open(ctx, s)
	if err != nil {
		return err
	}
	defer func() {
		if cerr := r.Close(); err == nil && cerr != nil {
			err = fmt.Errorf("close split %s: %w", s.ID, cerr)
		}
	}()
	for {
		b, pos, err := r.Read(ctx)
		if b != nil {
			e := exchange.Element{Batch: &flow.Fetched{Batch: b, Split: s.ID, Position: pos}}
			if err := gate.Send(fetchChannel, e); err != nil {
				return err
			}
		}
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return err
		case ctx.Err() != nil:
			return ctx.Err()
		case b == nil:
			select {
			case <-ctx.Done():
				return ctx.Err()
			case <-time.After(idle):
			}
		}
	}
}
