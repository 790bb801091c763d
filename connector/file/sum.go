package file

import (
	"hash/crc32"
	"math/bits"
)

// A sum is a checksum of all bytes of a content up to some place: two CRCs of 32 bits with
// different polynomials, which together miss a change as rarely as one of 64 bits does. It
// goes on from its own value, so a position needs no more than that to be extended.
type sum uint64

func (s sum) add(b []byte) sum {
	ieee := crc32.Update(uint32(s>>32), crc32.IEEETable, b)
	return sum(ieee)<<32 | sum(crc32.Update(uint32(s), castagnoli, b))
}

// headBytes is how many bytes at the beginning of a content have a checksum of their own,
// which tells most files apart without reading much of them.
const headBytes = 256

// A digest is the checksum of a content up to n, and what tells it from others before all of
// it was read.
type digest struct {
	n    int64
	all  sum
	head sum // of the first headBytes, or of all if it is less

	mark mark // some way before n: a copy that was made a moment ago has so much at least
	next mark // the one after it, which takes its place
}

// A mark is a place in a content, and the checksum up to it.
type mark struct {
	n   int64
	all sum
}

// add appends b to what the digest is of.
func (d *digest) add(b []byte) {
	for len(b) > 0 {
		k := min(int64(len(b)), d.stop()-d.n)
		d.all = d.all.add(b[:k])
		d.n, b = d.n+k, b[k:]
		if d.n <= headBytes {
			d.head = d.all
		}
		if d.n%markStep(d.n) == 0 {
			d.mark, d.next = d.next, mark{d.n, d.all}
		}
	}
}

// stop is the next place after n at which something is noted.
func (d *digest) stop() int64 {
	step := markStep(d.n)
	stop := d.n - d.n%step + step
	if d.n < headBytes {
		stop = min(stop, headBytes)
	}
	return stop
}

// markStep is how far apart marks are at a place, a power of two: up to a quarter of what
// is before it, and not more than 1 MiB.
func markStep(n int64) int64 {
	return 1 << max(6, min(20, bits.Len64(uint64(n))-3))
}

// of reports whether two digests are of the same content.
func (d *digest) of(e *digest) bool { return d.n == e.n && d.all == e.all && d.head == e.head }

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

func checksum(b []byte) uint32 { return crc32.Checksum(b, castagnoli) }
