package checkpoint

import "slices"

// An Entry is one name in a listing of a job's directory. What is not a directory is taken
// for a file.
type Entry struct {
	Name string
	Dir  bool
}

// A Scan is what a listing of a job's directory says, by the names alone.
//
// A checkpoint is moved to its name chk-<n> in one step, and only when every byte and
// every name of it is durable. So the name proves completeness, and a fault in the
// highest such checkpoint is damage and never the trace of a crash. A lower one may be
// half deleted: the deletion of checkpoints that are no longer retained is not synced.
//
// A damaged checkpoint that the job has gone back from is set aside: as a directory
// .damaged-<n>, or, on a file system that could not rename it, as chk-<n> with a file
// .damaged-<n> beside it, the mark.
type Scan struct {
	Complete  []ID     // chk-<n> that are not set aside, ascending
	Leftovers []Name   // .inprogress-*, .trash-* and marks without a checkpoint: may go
	SetAside  []Name   // .damaged-*, and chk-<n> with a mark: kept for people
	Marks     []Name   // files .damaged-<n>: chk-<n> is set aside where it is
	Strangers []string // not ours: left alone

	// HighestID and HighestIncarnation are the highest numbers in any name of ours, be it
	// that of a directory or not; 0 if there is none.
	HighestID          ID
	HighestIncarnation Incarnation
}

// ScanNames sorts a listing. A name of ours that is not a directory's is a stranger's,
// unless it is a mark; its numbers count all the same, as they are taken.
func ScanNames(entries []Entry) Scan {
	var s Scan
	var marks []Name
	for _, e := range entries {
		n := ParseName(e.Name)
		s.HighestID = max(s.HighestID, n.ID)
		s.HighestIncarnation = max(s.HighestIncarnation, n.Incarnation)
		switch {
		case n.Kind == Furniture:
		case !e.Dir && n.Kind == Damaged:
			marks = append(marks, n)
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
	for _, mark := range marks {
		s.heed(mark)
	}
	return s
}

// heed sets the checkpoint aside that a mark is for.
func (s *Scan) heed(mark Name) {
	marked := Name{Kind: Complete, ID: mark.ID}
	i, there := slices.BinarySearch(s.Complete, mark.ID)
	switch {
	case there:
		s.Complete = slices.Delete(s.Complete, i, i+1)
		s.SetAside = append(s.SetAside, marked)
	case !s.IsSetAside(marked):
		s.Leftovers = append(s.Leftovers, mark)
		return
	}
	s.Marks = append(s.Marks, mark)
}

// IsSetAside reports whether a directory was set aside: whether it is kept for people and
// for nothing else.
func (s Scan) IsSetAside(n Name) bool { return slices.Contains(s.SetAside, n) }

// Newest is the checkpoint a job goes on from: the highest complete one. There is no
// other rule; that it turns out to be damaged does not make an older one the newest.
func (s Scan) Newest() (ID, bool) {
	if len(s.Complete) == 0 {
		return 0, false
	}
	return s.Complete[len(s.Complete)-1], true
}

// SetAsideAbove are the ids of damaged checkpoints newer than id that were set aside,
// ascending: a start from id goes back to before them.
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
