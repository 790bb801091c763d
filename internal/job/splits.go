package job

import (
	"fmt"
	"slices"
	"strings"

	"github.com/weirstream/weir/internal/flow"
)

// known decodes the splits that a checkpoint holds, in the order of their ids. It leaves
// out the splits whose ids are in forget.
func known(restored [][]byte, forget []string) ([]flow.Split, error) {
	splits := make([]flow.Split, 0, len(restored))
	seen := make(map[string]bool, len(restored))
	for _, e := range restored {
		s, err := flow.DecodeSplit(e)
		if err != nil {
			return nil, flow.Permanent(fmt.Errorf("restored split: %w", err))
		}
		if seen[s.ID] {
			return nil, flow.Permanent(fmt.Errorf("the checkpoint holds split %s twice", s.ID))
		}
		seen[s.ID] = true
		splits = append(splits, s)
	}
	for _, id := range forget {
		if !seen[id] {
			return nil, flow.Permanent(fmt.Errorf("split %q is to be forgotten, and the checkpoint has no such split", id))
		}
	}
	splits = slices.DeleteFunc(splits, func(s flow.Split) bool { return slices.Contains(forget, s.ID) })
	slices.SortFunc(splits, func(a, b flow.Split) int { return strings.Compare(a.ID, b.ID) })
	return splits, nil
}

// deal gives each split of a source to a subtask: the splits that the source lists, with
// their positions, and the known splits that it neither lists nor forgets. The latter are
// not read, but they may come back.
//
// Splits are given out in the order of their ids, one to each subtask in turn.
func deal(known []flow.Split, listed flow.Listing, parallelism int) (shares []share, err error) {
	there := make(map[string]flow.Split, len(listed.Read))
	for _, s := range listed.Read {
		if s.ID == "" {
			return nil, fmt.Errorf("a split has an empty id")
		}
		if _, twice := there[s.ID]; twice {
			return nil, fmt.Errorf("split %s is listed twice", s.ID)
		}
		there[s.ID] = s
	}
	forget := make(map[string]bool, len(listed.Forget))
	for _, id := range listed.Forget {
		forget[id] = true
	}
	all := slices.Clone(listed.Read)
	for _, s := range known {
		if _, ok := there[s.ID]; !ok && !forget[s.ID] {
			all = append(all, s)
		}
	}
	slices.SortFunc(all, func(a, b flow.Split) int { return strings.Compare(a.ID, b.ID) })
	shares = make([]share, parallelism)
	for i, s := range all {
		mine := &shares[i%parallelism]
		mine.state = append(mine.state, flow.AppendSplit(nil, s))
		if _, ok := there[s.ID]; ok {
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
	state [][]byte // read and gone, encoded, for the operator that keeps their positions
	// gone are splits that the checkpoint knows and the source does not list any more. If
	// one comes back, this subtask reads on from its position.
	gone []flow.Split
}
