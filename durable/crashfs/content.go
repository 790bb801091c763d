package crashfs

import (
	"crypto/sha256"
	"slices"
)

// A class says how the content of a file after a power cut compares with what was
// written to it.
type class string

const (
	whole   class = "whole"   // everything that was written
	old     class = "old"     // nothing of what was written since the last sync
	partial class = "partial" // the first half of it
	zero    class = "zeros"   // the full length, with zeros in place of it
	garbage class = "garbage" // the full length, with something else in place of it
)

// A content is one value of the register of a file's content.
type content struct {
	class  class
	data   []byte
	sum    [sha256.Size]byte
	weight uint64 // how many values of the register come to the same bytes
}

func contentOf(c class, n *inode) content {
	var data []byte
	switch c {
	case whole:
		data = slices.Clip(n.data)
	case old:
		data = n.synced
	case partial:
		data = firstHalf(n)
	case zero:
		data = zeros(n)
	case garbage:
		data = noise(n)
	}
	return content{class: c, data: data, sum: sha256.Sum256(data), weight: 1}
}

// mergeContents makes one of contents with the same bytes, so that what cannot be told
// apart is looked at once. The class of the first one stays.
func mergeContents(cs []content) []content {
	var merged []content
	for _, c := range cs {
		i := slices.IndexFunc(merged, func(m content) bool { return m.sum == c.sum })
		if i < 0 {
			merged = append(merged, c)
		} else {
			merged[i].weight = add(merged[i].weight, c.weight)
		}
	}
	return merged
}

func totalWeight(cs []content) uint64 {
	total := uint64(0)
	for _, c := range cs {
		total = add(total, c.weight)
	}
	return total
}

// region is the range of a file that its bad contents are bad in: what was written and
// not synced, or else (its blocks may belong to another file) all of it.
func (n *inode) region() (lo, hi int64) {
	if n.dirty {
		return n.lo, n.hi
	}
	return 0, int64(len(n.data))
}

func firstHalf(n *inode) []byte {
	lo, hi := n.region()
	mid := lo + (hi-lo)/2
	data := slices.Clone(n.synced)
	if grow := mid - int64(len(data)); grow > 0 {
		data = append(data, make([]byte, grow)...)
	}
	copy(data[lo:mid], n.data[lo:mid])
	return data
}

func zeros(n *inode) []byte {
	data := slices.Clone(n.data)
	lo, hi := n.region()
	clear(data[lo:hi])
	return data
}

// noise is the same every time, and differs from the content in its first byte at least.
func noise(n *inode) []byte {
	data := slices.Clone(n.data)
	lo, hi := n.region()
	r := random(n.num)
	for i := lo; i < hi; i++ {
		data[i] = byte(r.next())
	}
	if lo < hi {
		data[lo] = ^n.data[lo]
	}
	return data
}
