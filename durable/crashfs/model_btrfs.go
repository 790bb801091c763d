package crashfs

// Btrfs is Btrfs as it is mounted by default, with its log of single files. From time to
// time it makes everything durable that was done so far; in between, a sync of a file
// or directory makes that one durable, all its names, and the directories above it that
// are new. A sync of a directory includes the changes of the names in it. Other renames
// and removals wait for the next commit, even if they came earlier.
//
// An earlier change of a name that is logged is logged as well: two files cannot have one
// name.
var Btrfs Model = &btrfs{sequence{name: "btrfs", bytes: lengthLast}}

type btrfs struct{ sequence }

func (b *btrfs) synced(pending []*effect, node *inode) []bool {
	l := btrfsLog{pending: pending, logged: make([]bool, len(pending)), names: map[*inode]bool{}}
	for i, e := range pending {
		if e.dir == node {
			l.take(i)
		}
	}
	l.name(node)
	return l.logged
}

type btrfsLog struct {
	pending []*effect
	logged  []bool
	names   map[*inode]bool // whose names are logged
}

// name logs the names of a file or directory.
func (l *btrfsLog) name(n *inode) {
	if l.names[n] {
		return
	}
	l.names[n] = true
	for i, e := range l.pending {
		if e.child == n {
			l.take(i)
		}
	}
}

// take logs one change, the names of its directory if that is new, and earlier changes
// of the same name.
func (l *btrfsLog) take(i int) {
	if l.logged[i] {
		return
	}
	l.logged[i] = true
	e := l.pending[i]
	if l.isNew(e.dir) {
		l.name(e.dir)
	}
	for j, earlier := range l.pending[:i] {
		if earlier.dir == e.dir && earlier.sharesName(e) {
			l.take(j)
		}
	}
}

// isNew reports whether the directory's creation is not durable yet.
func (l *btrfsLog) isNew(d *inode) bool {
	for _, e := range l.pending {
		if e.child == d && e.makes {
			return true
		}
	}
	return false
}
