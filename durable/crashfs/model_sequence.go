package crashfs

// These file systems keep one ordered log of what happens to names, so that a later
// change is never durable without an earlier one. The content of files that were not
// synced is not part of that order.
var (
	// Ext4 is ext4 as it is mounted by default (data=ordered, delayed allocation): a sync
	// of anything makes all changes of names durable. A file that was not synced is
	// empty, cut short or whole.
	Ext4 Model = &sequence{name: "ext4", bytes: lengthLast}

	// Ext4NoDelalloc is ext4 with nodelalloc: the bytes of a file are on disk before its
	// length is.
	Ext4NoDelalloc Model = &sequence{name: "ext4-nodelalloc", bytes: bytesFirst}

	// XFS is as Ext4, but a sync makes the log durable only up to the last change of what
	// is synced: of a directory's entries, or of a file's name.
	XFS Model = &sequence{name: "xfs", bytes: lengthLast, upToLast: true}
)

type sequence struct {
	name     string
	bytes    remains
	upToLast bool
}

func (s *sequence) String() string { return s.name }

func (s *sequence) synced(pending []*effect, node *inode) []bool {
	durable := make([]bool, len(pending))
	last := len(pending) - 1
	if s.upToLast {
		for last >= 0 && pending[last].dir != node && pending[last].child != node {
			last--
		}
	}
	for i := range durable {
		durable[i] = i <= last
	}
	return durable
}

func (s *sequence) groups(pending []*effect) []group {
	if len(pending) == 0 {
		return nil
	}
	return []group{{effects: pending, sequence: true}}
}

func (s *sequence) remains() remains { return s.bytes }

func (*sequence) absent(*inode) bool { return false }

func (*sequence) ignores(int) bool { return false }
