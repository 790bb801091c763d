package crashfs

import (
	"slices"

	"github.com/weirstream/weir/durable"
)

// An inode is a file or a directory, apart from its names.
//
// Invariant: bytes of data below its length never change in place. Writing appends to
// them or copies, so that a slice that was handed out stays what it was.
type inode struct {
	num     int // a number is used once; everything here is in the order of numbers
	dir     bool
	born    bool // the inode itself was synced at least once
	handles int  // open files
	mark    int  // of the last pass that reached it

	// Of a directory: what is seen, and what is durable. The effects in between are the
	// file system's pending ones.
	live, durable map[string]*inode

	// Of a file. dirty: data differs from synced within [lo, hi).
	data, synced []byte
	dirty        bool
	lo, hi       int64
	removed      bool   // its name was removed, so that its blocks may be used again
	spoiled      bool   // a sync failed; later ones succeed and do nothing
	stale        []byte // what its blocks may hold from before
	kin          string // files of the same kin are interchangeable; empty for none
	past         string // what power cuts have made of it so far
	locked       *lockFile

	contents []content // what a cut may leave, as long as nothing changes
}

// A set is the new value of one directory entry; a nil node is no entry.
type set struct {
	name string
	node *inode
}

// An effect is a change of entries of one directory that becomes durable as a whole.
type effect struct {
	what  string // the operation, for people
	num   int    // counts in the order of time
	makes bool   // child is new
	dir   *inode
	child *inode // the file or directory whose name changes
	sets  []set
}

// sharesName reports whether both change one name; they are in the same directory.
func (e *effect) sharesName(o *effect) bool {
	for _, a := range e.sets {
		for _, b := range o.sets {
			if a.name == b.name {
				return true
			}
		}
	}
	return false
}

func (e *effect) apply(entries map[string]*inode) {
	for _, s := range e.sets {
		if s.node == nil {
			delete(entries, s.name)
		} else {
			entries[s.name] = s.node
		}
	}
}

// contains reports whether d is n or is below it in the live view.
func (n *inode) contains(d *inode) bool {
	if n == d {
		return true
	}
	for _, c := range n.live {
		if c.dir && c.contains(d) {
			return true
		}
	}
	return false
}

func (n *inode) entry(name string) durable.Entry {
	e := durable.Entry{Name: name, Dir: n.dir, Regular: !n.dir}
	if !n.dir {
		e.Size = int64(len(n.data))
	}
	return e
}

// write puts p at off. Together with earlier writes that still wait for a sync it makes
// one new value of the register.
func (n *inode) write(p []byte, off int64) {
	end := off + int64(len(p))
	size := int64(len(n.data))
	if n.spoiled && off <= n.lo && end >= n.hi {
		n.spoiled = false // every page that was lost is dirty again
	}
	switch {
	case off == size:
		n.data = append(n.data, p...)
	default:
		n.data = slices.Concat(n.data, make([]byte, max(0, end-size)))
		copy(n.data[off:], p)
	}
	if n.past != "" {
		n.kin = "" // its bytes no longer follow from its kin
	}
	lo := min(off, size) // a hole is part of what changed
	if n.dirty {
		lo, end = min(lo, n.lo), max(end, n.hi)
	}
	n.dirty, n.lo, n.hi = true, lo, end
	n.contents = nil
}

// settle makes the content durable.
func (n *inode) settle() {
	n.synced = slices.Clip(n.data)
	n.dirty, n.lo, n.hi = false, 0, 0
	n.contents = nil
}
