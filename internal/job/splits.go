package job

import (
	"fmt"
	"slices"

	"github.com/weirstream/weir/internal/flow"
)

// deal gives out the splits of a source: those that the checkpoint knows, at their
// positions, and those that are new, from their beginning. A split that the source no
// longer lists is dealt too, if it has a position: it may come back, and nothing of it
// must be read twice; but it is not opened.
//
// Splits are dealt in the order of their ids, one to each subtask in turn.
func deal(restored [][]byte, listed []string, parallelism int) (shares []share, err error) {
	positions := make(map[string][]byte)
	for _, e := range restored {
		s, err := flow.DecodeSplit(e)
		if err != nil {
			return nil, flow.Permanent(fmt.Errorf("restored split: %w", err))
		}
		if _, twice := positions[s.ID]; twice {
			return nil, flow.Permanent(fmt.Errorf("the checkpoint holds split %s twice", s.ID))
		}
		positions[s.ID] = s.Position
	}
	there := make(map[string]bool, len(listed))
	ids := make([]string, 0, len(positions)+len(listed))
	for _, id := range listed {
		if id == "" {
			return nil, fmt.Errorf("a split has an empty id")
		}
		if there[id] {
			return nil, fmt.Errorf("split %s is listed twice", id)
		}
		there[id] = true
		ids = append(ids, id)
	}
	for id := range positions {
		if !there[id] {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	shares = make([]share, parallelism)
	for i, id := range ids {
		s := flow.Split{ID: id, Position: positions[id]}
		mine := &shares[i%parallelism]
		mine.state = append(mine.state, flow.AppendSplit(nil, s))
		if there[id] {
			mine.read = append(mine.read, s)
		} else {
			mine.gone = append(mine.gone, s)
		}
	}
	return shares, nil
}

// A share is the splits of one subtask.
type share struct {
	read  []flow.Split
	state [][]byte // all of them, encoded, for the operator that keeps their positions
	// gone are those that the checkpoint knows and the source does not list any more. If
	// they come back they are read on from where they were, by this subtask.
	gone []flow.Split
}
