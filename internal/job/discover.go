package job

import (
	"bytes"
	"context"
	"fmt"
	"hash/fnv"
	"slices"
	"strings"
	"time"

	"github.com/weirstream/weir/internal/flow"
	"github.com/weirstream/weir/internal/plan"
	"github.com/weirstream/weir/internal/task"
)

// discoverEvery is how often an unbounded source is asked for its splits.
const discoverEvery = time.Second

// A discovery finds the splits of one unbounded source that appear while the job runs, and
// gives each to a subtask.
type discovery struct {
	node  *plan.Node
	tasks []*task.Task          // the subtasks that read the source
	owner map[string]int        // split → subtask
	gone  map[string]flow.Split // splits that are not there, and may come back
	known []task.Known          // of the last snapshot; its memory is used again
}

func newDiscovery(n *plan.Node, tasks []*task.Task, shares []share) *discovery {
	d := &discovery{node: n, tasks: tasks, owner: make(map[string]int), gone: make(map[string]flow.Split)}
	for subtask, sh := range shares {
		for _, s := range sh.read {
			d.owner[s.ID] = subtask
		}
		for _, s := range sh.gone {
			d.owner[s.ID] = subtask
			d.gone[s.ID] = s
		}
	}
	return d
}

// run asks the source for its splits, again and again, until ctx ends.
func (d *discovery) run(ctx context.Context) error {
	ticker := time.NewTicker(discoverEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		}
		if err := d.look(ctx); err != nil {
			if ctx.Err() != nil {
				return nil
			}
			return err
		}
	}
}

// look asks once.
func (d *discovery) look(ctx context.Context) error {
	splits := d.snapshot()
	listed, err := d.node.Source.Splits(ctx, splits)
	if err != nil {
		return err
	}
	for _, s := range listed.Read {
		if s.ID == "" {
			return fmt.Errorf("source %s: a split has an empty id", d.node.Label())
		}
		delete(d.gone, s.ID)
		// A split that had ended when the source was asked is read again if the source gives
		// it another position. One that has ended since is not: its position is later than
		// the one that the source knew.
		i, found := slices.BinarySearchFunc(d.known, s.ID, func(k task.Known, id string) int { return strings.Compare(k.ID, id) })
		again := found && d.known[i].Ended && !bytes.Equal(d.known[i].Position, s.Position)
		d.tasks[d.ownerOf(s.ID)].Offer(s, again)
	}
	for _, id := range listed.Forget {
		if subtask, ok := d.owner[id]; ok {
			d.tasks[subtask].Forget(id)
		}
		delete(d.owner, id)
		delete(d.gone, id)
	}
	return nil
}

// snapshot returns all known splits, in the order of their ids. It keeps them in d.known,
// with whether each has ended.
func (d *discovery) snapshot() []flow.Split {
	d.known = d.known[:0]
	for _, t := range d.tasks {
		d.known = t.Known(d.known)
	}
	for _, s := range d.gone {
		d.known = append(d.known, task.Known{Split: s})
	}
	slices.SortFunc(d.known, func(a, b task.Known) int { return strings.Compare(a.ID, b.ID) })
	splits := make([]flow.Split, len(d.known))
	for i, k := range d.known {
		splits[i] = k.Split
	}
	return splits
}

// ownerOf returns the subtask that a split belongs to. The hash of a new split's id decides
// which one that is.
func (d *discovery) ownerOf(id string) int {
	subtask, ok := d.owner[id]
	if !ok {
		h := fnv.New32a()
		h.Write([]byte(id))
		subtask = int(h.Sum32() % uint32(len(d.tasks)))
		d.owner[id] = subtask
	}
	return subtask
}
