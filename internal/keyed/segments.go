package keyed

// Segments is the index of a map that may become large: several indexes, each for the
// hashes that begin with some bits. One that is full is doubled while it is small, and then
// split by one bit more. So growing never takes longer than it takes for one small index.
type segments struct {
	dir   []*segment // by the first bits of a hash; a segment may be there several times
	shift uint8      // leaves as many bits of a hash as number dir
}

type segment struct {
	index index
	n     int
	bits  uint8 // how many bits its hashes begin with
}

const (
	// segmentLen is the length of an index that is split and not doubled.
	segmentLen = 1 << 12
	// segmentBits is how many bits of a hash select a segment at most. The others are enough
	// to find an entry in it.
	segmentBits = 20
)

func newSegments() *segments {
	return &segments{dir: []*segment{{index: make(index, minIndex)}}, shift: 32}
}

// of is the segment of a hash.
func (x *segments) of(hash uint32) *segment { return x.dir[hash>>x.shift] }

// link adds entry i.
func (x *segments) link(i int, hash uint32) {
	s := x.of(hash)
	for 4*(s.n+1) > 3*len(s.index) {
		if len(s.index) < segmentLen || s.bits == segmentBits {
			s.index = s.index.resized(2 * len(s.index))
			continue
		}
		x.split(hash)
		s = x.of(hash)
	}
	s.index.link(i, hash)
	s.n++
}

// unlink removes entry i.
func (x *segments) unlink(i int, hash uint32) {
	s := x.of(hash)
	s.index.unlink(i, hash)
	s.n--
}

// relink makes the slot of entry from point to entry to.
func (x *segments) relink(from, to int, hash uint32) { x.of(hash).index.relink(from, to, hash) }

// split splits the segment of a hash.
func (x *segments) split(hash uint32) {
	old := x.of(hash)
	bits := old.bits + 1
	if bits > 32-x.shift {
		dir := make([]*segment, 0, 2*len(x.dir))
		for _, s := range x.dir {
			dir = append(dir, s, s)
		}
		x.dir, x.shift = dir, x.shift-1
	}
	halves := [2]*segment{
		{index: make(index, len(old.index)), bits: bits},
		{index: make(index, len(old.index)), bits: bits},
	}
	for _, slot := range old.index {
		if slot != 0 {
			h := uint32(slot >> 32)
			half := halves[h>>(32-bits)&1]
			at, _ := half.index.vacant(h)
			half.index[at] = slot
			half.n++
		}
	}
	// The segment is in dir where the first bits are those of the hash.
	each := 1 << (32 - x.shift - bits) // for each half
	from := int(hash>>(32-old.bits)) * 2 * each
	for i := range each {
		x.dir[from+i], x.dir[from+each+i] = halves[0], halves[1]
	}
}
