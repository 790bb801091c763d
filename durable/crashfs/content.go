package crashfs

import (
	"crypto/sha256"
	"slices"
)

// A class is how the content of a file after a power cut compares with what was written
// to it.
type class string

const (
	whole   class = "whole"   // everything that was written
	old     class = "old"     // nothing of what was written since the last sync
	partial class = "partial" // the first half of it
	zero    class = "zeros"   // the full length, with zeros in place of it
	garbage class = "garbage" // the full length, with something else in place of it

	// Only [Thorough] looks at these.
	block   class = "one block"          // the first block of it, if there are more
	butLast class = "all but one byte"   // everything but the last byte
	tail    class = "garbage in the end" // the full length, the second half of it something else
	stale   class = "stale"              // the full length, with the bytes of another file in place of it
)

// A content is one value of the register of a file's content.
type content struct {
	class  class
	data   []byte
	sum    [sha256.Size]byte
	weight uint64 // how many values of the register give the same bytes
	past   string // what power cuts have made of the file so far; empty if nothing
}

func newContent(c class, data []byte, n *inode) content {
	past := n.past
	switch {
	case len(data) == 0:
		past = "" // it makes no difference how it became empty
	case c != whole:
		past += "/" + string(c)
	}
	return content{class: c, data: data, sum: sha256.Sum256(data), weight: 1, past: past}
}

// bytesOf is the file with that content. It is not ok if the file is too short for it.
func bytesOf(c class, n *inode) (data []byte, ok bool) {
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
	case block:
		return firstBlock(n)
	case butLast:
		lo, hi := n.region()
		return prefix(n, hi-1), hi-lo > 1
	case tail:
		return noisyTail(n), true
	case stale:
		return staleBytes(n)
	}
	return data, true
}

// mergeContents merges contents with the same bytes, so that each is looked at once. The
// class of the first one stays.
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

// region is the range of a file in which a content differs from what was written: the
// bytes that were written and not synced; or else all of them, as the blocks may belong to
// another file.
func (n *inode) region() (lo, hi int64) {
	if n.dirty {
		return n.lo, n.hi
	}
	return 0, int64(len(n.data))
}

// prefix is what was durable, and of what was written the bytes before end.
func prefix(n *inode, end int64) []byte {
	lo, _ := n.region()
	data := slices.Clone(n.synced)
	if end <= lo {
		return data
	}
	if grow := end - int64(len(data)); grow > 0 {
		data = append(data, make([]byte, grow)...)
	}
	copy(data[lo:end], n.data[lo:end])
	return data
}

func firstHalf(n *inode) []byte {
	lo, hi := n.region()
	return prefix(n, lo+(hi-lo)/2)
}

// firstBlock is what was written of the first 4 KiB or, in a shorter file, 512 bytes.
func firstBlock(n *inode) ([]byte, bool) {
	lo, hi := n.region()
	for _, size := range []int64{Page, Sector} {
		if hi-lo > size {
			return prefix(n, lo+size), true
		}
	}
	return nil, false
}

func zeros(n *inode) []byte {
	data := slices.Clone(n.data)
	lo, hi := n.region()
	clear(data[lo:hi])
	return data
}

// noise is always the same for one file, and differs from the content at least in its first
// byte.
func noise(n *inode) []byte {
	lo, hi := n.region()
	return noiseIn(n, lo, hi)
}

func noisyTail(n *inode) []byte {
	lo, hi := n.region()
	return noiseIn(n, lo+(hi-lo)/2, hi)
}

func noiseIn(n *inode, lo, hi int64) []byte {
	data := slices.Clone(n.data)
	r := random(n.num)
	for i := lo; i < hi; i++ {
		data[i] = byte(r.next())
	}
	if lo < hi {
		data[lo] = ^n.data[lo]
	}
	return data
}

// staleBytes are those of another file, as many as there are, and then zeros.
func staleBytes(n *inode) ([]byte, bool) {
	if len(n.stale) == 0 {
		return nil, false
	}
	data := zeros(n)
	lo, hi := n.region()
	copy(data[lo:hi], n.stale)
	return data, true
}
