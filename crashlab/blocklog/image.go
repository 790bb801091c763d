package blocklog

import "slices"

// BlockBytes is the granularity in which images are kept, and in which a large write
// may be torn.
const BlockBytes = 4096

// An Image is the content of a disk: blocks of its own on top of another image, which it
// does not change. Blocks that no layer has are zeros. A block of zeros on the lowest layer
// takes no memory.
//
// An image may be read concurrently as long as nothing writes to it.
type Image struct {
	below  *Image
	blocks map[int64][]byte
}

// NewImage returns a disk of zeros.
func NewImage() *Image { return &Image{blocks: map[int64][]byte{}} }

// Over returns an image on top of this one: it has the same content until it is written to.
func (m *Image) Over() *Image { return &Image{below: m, blocks: map[int64][]byte{}} }

// block returns the content of a block, nil for zeros.
func (m *Image) block(n int64) []byte {
	for ; m != nil; m = m.below {
		if b, ok := m.blocks[n]; ok {
			return b
		}
	}
	return nil
}

// ReadAt fills p from off on.
func (m *Image) ReadAt(p []byte, off int64) {
	for len(p) > 0 {
		in := off % BlockBytes
		n := min(int64(len(p)), BlockBytes-in)
		if b := m.block(off / BlockBytes); b != nil {
			copy(p[:n], b[in:])
		} else {
			clear(p[:n])
		}
		p, off = p[n:], off+n
	}
}

// WriteAt puts p at off. It keeps no reference to p.
func (m *Image) WriteAt(p []byte, off int64) {
	for len(p) > 0 {
		in := off % BlockBytes
		n := min(int64(len(p)), BlockBytes-in)
		m.put(off/BlockBytes, in, p[:n])
		p, off = p[n:], off+n
	}
}

func (m *Image) put(n, in int64, p []byte) {
	whole := len(p) == BlockBytes
	if whole && m.below == nil && zeros(p) {
		delete(m.blocks, n)
		return
	}
	own, ok := m.blocks[n]
	if !ok {
		own = make([]byte, BlockBytes)
		if !whole && m.below != nil {
			copy(own, m.below.block(n))
		}
		m.blocks[n] = own
	}
	copy(own[in:], p)
}

var zeroBlock [BlockBytes]byte

func zeros(p []byte) bool { return string(p) == string(zeroBlock[:len(p)]) }

// Written returns the numbers of the blocks that may hold anything but zeros, ascending.
func (m *Image) Written() []int64 {
	seen := map[int64]bool{}
	for ; m != nil; m = m.below {
		for n := range m.blocks {
			seen[n] = true
		}
	}
	all := make([]int64, 0, len(seen))
	for n := range seen {
		all = append(all, n)
	}
	slices.Sort(all)
	return all
}
