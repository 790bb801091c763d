package file

import "hash/crc32"

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

// A digest is the checksum of a content up to n, and that of its head.
type digest struct {
	n         int64
	all, head sum
}

// add appends b to what the digest is of.
func (d *digest) add(b []byte) {
	if d.n < headBytes {
		k := min(int64(len(b)), headBytes-d.n)
		d.all = d.all.add(b[:k])
		d.n, d.head, b = d.n+k, d.all, b[k:]
	}
	d.all = d.all.add(b)
	d.n += int64(len(b))
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

func checksum(b []byte) uint32 { return crc32.Checksum(b, castagnoli) }
