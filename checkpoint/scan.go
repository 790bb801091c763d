package checkpoint

import "slices"

// An Entry is one name in a listing of a job's directory.
type Entry struct {
	Name string
	Dir  bool
}

// A Scan is what a listing of a job's directory says, by the names alone.
//
// A checkpoint is moved to its name chk-<n> in one step, and only when every byte and
// every name of it is durable. So the name proves completeness, and a fault found
// behind the highest such name is damage and never the trace of a crash. A lower one
// may be half deleted: the deletion of what is no longer retained is not synced.
type Scan struct {
	Complete  []ID     // chk-<n>, ascending
	Leftovers []Name   // .inprogress-* and .trash-*: of no use to anybody
	SetAside  []Name   // .damaged-*: kept for people
	Strangers []string // not ours: left alone

	// HighestID and HighestIncarnation are the highest numbers in any name of ours,
	// whatever kind of thing bears it; 0 if there is none.
	HighestID          ID
	HighestIncarnation Incarnation
}

// ScanNames sorts a listing. A name of ours that is not borne by a directory is a
// stranger's, but its numbers count: they are taken.
func ScanNames(entries []Entry) Scan {
	var s Scan
	for _, e := range entries {
		n := ParseName(e.Name)
		s.HighestID = max(s.HighestID, n.ID)
		s.HighestIncarnation = max(s.HighestIncarnation, n.Incarnation)
		switch {
		case n.Kind == Furniture:
		case !e.Dir || n.Kind == Stranger:
			s.Strangers = append(s.Strangers, e.Name)
		case n.Kind == Complete:
			s.Complete = append(s.Complete, n.ID)
		case n.Kind == Damaged:
			s.SetAside = append(s.SetAside, n)
		default:
			s.Leftovers = append(s.Leftovers, n)
		}
	}
	slices.Sort(s.Complete)
	return s
}

// Newest is the checkpoint a job goes on from: the highest complete one. There is no
// other rule; that it turns out to be damaged does not make an older one the newest.
func (s Scan) Newest() (ID, bool) {
	if len(s.Complete) == 0 {
		return 0, false
	}
	return s.Complete[len(s.Complete)-1], true
}

// SetAsideAbove are the ids of damaged checkpoints newer than id that were set aside,
// ascending: who starts from id has gone back behind them.
func (s Scan) SetAsideAbove(id ID) []ID {
	var ids []ID
	for _, n := range s.SetAside {
		if n.ID > id {
			ids = append(ids, n.ID)
		}
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}
