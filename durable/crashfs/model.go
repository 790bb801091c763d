package crashfs

import "math"

// A Model is what a sync makes durable beyond what was asked for, and what a power cut
// may leave of the rest. The registers are the same in all models; a model couples them.
//
// The models differ in how much they promise. Test a protocol against [Strict], which
// promises what the contract of package durable does; use the others to see what a
// protocol does on a file system that promises more, or less.
type Model interface {
	String() string

	// synced reports, for each of the pending effects, whether a sync of node (a file or a
	// directory) makes it durable. A file's own content always becomes durable.
	synced(pending []*effect, node *inode) []bool

	// groups divides the pending effects into groups that do not depend on each other.
	// The effects on one directory are all in the same group.
	groups(pending []*effect) []group

	// remains is what a cut may leave of the bytes of a file.
	remains() remains

	// absent reports whether a cut may leave the name of n in its directory, and not n
	// itself, so that the check of the file system removes the name.
	absent(n *inode) bool

	// ignores reports whether the disk claims to have done a sync, the operation with that
	// number, and has not.
	ignores(op int) bool
}

// A group is a list of pending effects, in order, of which a cut leaves any subset or,
// if they are a sequence, any prefix.
type group struct {
	effects  []*effect
	sequence bool
}

// size is the number of subsets or prefixes.
func (g group) size() uint64 {
	switch n := len(g.effects); {
	case g.sequence:
		return uint64(n) + 1
	case n >= 64:
		return math.MaxUint64
	default:
		return 1 << n
	}
}
