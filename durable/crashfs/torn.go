package crashfs

import (
	"fmt"
	"slices"
)

// The sizes that disks write as a whole.
const (
	Sector = 512
	Page   = 4096
)

// Torn is m on a disk that writes block bytes as a whole and no more. In a file that was
// not synced each block is by itself what it was, or what was written, or, where m has that
// of whole files, zeros or garbage. Of a file with many blocks not all combinations are
// looked at, but the uniform ones, those that are torn at one place, those that differ from
// a uniform one in one block, and some others, always the same.
func Torn(m Model, block int) Model { return torn{m, int64(block)} }

type torn struct {
	Model
	block int64
}

func (t torn) String() string { return fmt.Sprintf("%v, torn at %d bytes", t.Model, t.block) }

func (t torn) remains() remains {
	r := t.Model.remains()
	r.block = t.block
	return r
}

// maxTorn bounds how many contents of one torn file are looked at.
const maxTorn = 64

// torn adds to cs what a disk that writes blocks may leave. Contents with the same bytes
// are one value here.
func (r remains) torn(n *inode, cs []content) []content {
	last := cs[len(cs)-1] // the whole file stays the last
	cs = cs[:len(cs)-1]
	add := func(of []class) {
		data := r.assemble(n, of)
		c := newContent(class(fmt.Sprintf("torn %v", of)), data, n)
		same := func(m content) bool { return m.sum == c.sum }
		if !same(last) && !slices.ContainsFunc(cs, same) {
			cs = append(cs, c)
		}
	}
	lo, hi := n.region()
	blocks := int((hi-1)/r.block - lo/r.block + 1)
	if combinations(len(r.blocks), blocks) <= maxTorn {
		r.all(make([]class, blocks), 0, add)
	} else {
		r.some(blocks, n, add, func() bool { return len(cs) >= maxTorn-1 })
	}
	return append(cs, last)
}

func combinations(values, places int) int {
	n := 1
	for range places {
		if n *= values; n > maxTorn {
			break
		}
	}
	return n
}

// all adds every combination.
func (r remains) all(of []class, i int, add func([]class)) {
	if i == len(of) {
		add(of)
		return
	}
	for _, c := range r.blocks {
		of[i] = c
		r.all(of, i+1, add)
	}
}

// some adds the combinations that a disk is most likely to leave, then others, until there
// are enough. What it draws depends on the file's number alone.
func (r remains) some(blocks int, n *inode, add func([]class), enough func() bool) {
	of := make([]class, blocks)
	fill := func(c class, lo, hi int) {
		for i := lo; i < hi; i++ {
			of[i] = c
		}
	}
	for _, c := range r.blocks {
		fill(c, 0, blocks)
		add(of)
	}
	for at := 1; at < blocks && !enough(); at++ { // torn at one place, from the front or from the back
		for _, c := range r.blocks {
			if c == whole {
				continue
			}
			fill(whole, 0, at)
			fill(c, at, blocks)
			add(of)
			fill(c, 0, at)
			fill(whole, at, blocks)
			add(of)
		}
	}
	for at := 0; at < blocks && !enough(); at++ { // one block that is not like the others
		for _, c := range r.blocks {
			fill(whole, 0, blocks)
			of[at] = c
			add(of)
		}
	}
	rnd := random(n.num)
	for tries := 0; tries < 4*maxTorn && !enough(); tries++ {
		for i := range of {
			of[i] = r.blocks[rnd.below(len(r.blocks))]
		}
		add(of)
	}
}

// assemble makes a file of blocks. It is as long as the blocks that are not old make it; a
// hole before them is zeros.
func (r remains) assemble(n *inode, of []class) []byte {
	lo, hi := n.region()
	first := lo / r.block
	data := slices.Clone(n.data)
	before, scrambled := int64(len(n.synced)), []byte(nil)
	length := before
	for i, c := range of {
		from := max(lo, (first+int64(i))*r.block)
		to := min(hi, (first+int64(i)+1)*r.block)
		if c != old {
			length = max(length, to)
		}
		switch c {
		case old:
			clear(data[from:to])
			if from < before {
				copy(data[from:to], n.synced[from:])
			}
		case zero:
			clear(data[from:to])
		case garbage:
			if scrambled == nil {
				scrambled = noise(n)
			}
			copy(data[from:to], scrambled[from:to])
		}
	}
	return data[:min(length, int64(len(data)))]
}
