package keyed

import "github.com/weirstream/weir/checkpoint"

// visit goes on to the next entry of a state, and makes its key and namespace the current
// ones, alone, if wanted returns true for its value. It reports whether there was an entry
// and it was wanted.
type visit[V any] func(wanted func(*V) bool) bool

// A visitor goes through the entries of a table, over and over. An entry that is there all
// the time is come to in each round; entries may be added and removed meanwhile.
type visitor struct {
	group int // of the table's groups
	left  int // entries of the group that are still to come, counted from the first
}

// visit is the table's.
func (s *cells[K, N, V]) visit(wanted func(*V) bool) bool {
	if s.table.n == 0 {
		return false
	}
	v := &s.visitor
	for v.left = min(v.left, s.table.groups[v.group].n); v.left == 0; v.left = s.table.groups[v.group].n {
		v.group = (v.group + 1) % len(s.table.groups)
	}
	// From the last to the first: when one is removed, the last takes its place, and that was
	// come to already.
	v.left--
	e := s.table.groups[v.group].at(v.left)
	if !wanted(&e.value) {
		return false
	}
	s.backend.Set(e.key, checkpoint.KeyGroup(s.table.first+v.group))
	s.table.in(e.space)
	return true
}
