package fsynclint

import "slices"

// An op is an operation on files, as the enumeration plays it.
type op struct {
	kind     opKind
	node     *file
	dir      *file // with name, what changes; of a sync of a directory, that
	name     string
	toDir    *file // of a rename, and of a link
	toName   string
	replaced *file // by a rename
	ref      Ref
	assumed  bool  // a write that the trace does not show
	over     bool  // a write over what is there
	relies   *unit // of what destroys an older generation: the commit that it relies on
}

type opKind int

const (
	opMkdir opKind = iota
	opCreate
	opWrite
	opTruncate // to nothing
	opRename
	opExchange
	opLink
	opRemove
	opSync    // of a file
	opSyncDir // of a directory
	opSyncAll
)

func (k opKind) isSync() bool { return k == opSync || k == opSyncDir || k == opSyncAll }

// A log is the last operations, in the order in which the enumeration plays them.
type log struct {
	ops     []op
	dropped Line // operations up to this line are no longer here
}

// add puts an operation behind the others; or, if it overlapped some of them in time,
// where it does the least good: a change before syncs that had not returned when it
// began, a sync before changes that had not returned when it began.
func (l *log) add(o op) {
	at := len(l.ops)
	for i := at - 1; i >= 0 && l.ops[i].ref.Ended >= o.ref.Line; i-- {
		other := &l.ops[i]
		switch {
		case other.ref.Thread == o.ref.Thread:
		case !o.kind.isSync() && other.kind.isSync():
			at = i
		case o.kind.isSync() && !other.kind.isSync() && l.covers(&o, other):
			at = i
		}
	}
	l.ops = slices.Insert(l.ops, at, o)
	if len(l.ops) > maxOps {
		drop := maxOps / 2
		l.dropped = l.ops[drop-1].ref.Ended
		l.ops = append(l.ops[:0:0], l.ops[drop:]...)
	}
}

// covers tells whether a sync would make a change durable that had come before it.
func (l *log) covers(sync, change *op) bool {
	switch sync.kind {
	case opSync:
		return sync.node == change.node && (change.kind == opWrite || change.kind == opTruncate)
	case opSyncDir:
		return change.kind != opWrite && (sync.dir == change.dir || sync.dir == change.toDir)
	}
	return true
}

// since returns the operations from a line on, and whether all of them are here.
func (l *log) since(from Line) ([]op, bool) {
	i := len(l.ops)
	for i > 0 && l.ops[i-1].ref.Ended >= from {
		i--
	}
	return l.ops[i:], l.dropped < from
}
