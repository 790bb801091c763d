package keyed

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"errors"
	"slices"
)

// A sorter writes entries in the order of their keys. There may be many: it goes through
// them part by part, and holds the keys of one part and a byte for each of all entries.
type sorter struct {
	appendKey, appendValue func(dst []byte, i int) ([]byte, error)

	keys   []byte // of the part
	refs   []keyRef
	part   []uint8 // of each entry
	bounds [][]byte
}

// A keyRef is the key of an entry of the part.
type keyRef struct {
	prefix     uint64 // what tells most keys apart, as a number in the same order
	start, end int    // where it is in keys
	i          int    // the number of the entry
}

const (
	partSize = 16 << 10 // about as many entries are in a part
	maxParts = 256
	samples  = 32 // so many keys for each part are looked at to find where parts begin
)

var errSameKey = errors.New("two keys of the map have the same encoding, and would be one after a restore")

// write writes the entries 0 to n-1. The keys must differ.
func (s *sorter) write(out *encoder, n int, appendKey, appendValue func(dst []byte, i int) ([]byte, error)) error {
	s.appendKey, s.appendValue = appendKey, appendValue
	defer func() { s.appendKey, s.appendValue = nil, nil }()
	parts := min(maxParts, (n+partSize-1)/partSize)
	if parts <= 1 {
		s.empty()
		for i := range n {
			if err := s.add(i); err != nil {
				return err
			}
		}
		return s.writePart(out)
	}
	if err := s.divide(n, parts); err != nil {
		return err
	}
	for p := range parts {
		s.empty()
		for i := 0; ; i++ {
			next := bytes.IndexByte(s.part[i:], uint8(p))
			if next < 0 {
				break
			}
			i += next
			if err := s.add(i); err != nil {
				return err
			}
		}
		if err := s.writePart(out); err != nil {
			return err
		}
	}
	return nil
}

// divide finds out which part each entry is in: the keys of a part all come before those
// of the next one.
func (s *sorter) divide(n, parts int) error {
	s.empty()
	for i := range samples * parts {
		if err := s.add(i * (n / (samples * parts))); err != nil {
			return err
		}
	}
	s.order()
	s.bounds = s.bounds[:0]
	for p := 1; p < parts; p++ {
		s.bounds = append(s.bounds, bytes.Clone(s.key(s.refs[p*samples])))
	}
	s.part = slices.Grow(s.part[:0], n)[:n]
	for i := range n {
		key, err := s.appendKey(s.keys[:0], i)
		if err != nil {
			return err
		}
		p, found := slices.BinarySearchFunc(s.bounds, key, bytes.Compare)
		if found {
			p++
		}
		s.part[i], s.keys = uint8(p), key
	}
	return nil
}

func (s *sorter) empty() { s.keys, s.refs = s.keys[:0], s.refs[:0] }

// add adds an entry to the part.
func (s *sorter) add(i int) (err error) {
	start := len(s.keys)
	if s.keys, err = s.appendKey(s.keys, i); err != nil {
		return err
	}
	s.refs = append(s.refs, keyRef{start: start, end: len(s.keys), i: i})
	return nil
}

// order puts the part in order.
func (s *sorter) order() {
	if len(s.refs) == 0 {
		return
	}
	first := s.key(s.refs[0])
	common := len(first) // so many bytes are the same in all keys
	for _, r := range s.refs {
		key := s.key(r)
		common = min(common, len(key))
		for !bytes.Equal(key[:common], first[:common]) {
			common--
		}
	}
	for i := range s.refs {
		r := &s.refs[i]
		r.prefix = prefixOf(s.keys[r.start+common : r.end])
	}
	slices.SortFunc(s.refs, s.compare)
}

// writePart writes the entries of the part.
func (s *sorter) writePart(out *encoder) (err error) {
	s.order()
	for n, r := range s.refs {
		if n > 0 && s.compare(s.refs[n-1], r) == 0 {
			return errSameKey
		}
		if out.buf, err = s.appendValue(append(out.buf, s.key(r)...), r.i); err != nil {
			return err
		}
		if err := out.room(); err != nil {
			return err
		}
	}
	return nil
}

func (s *sorter) key(r keyRef) []byte { return s.keys[r.start:r.end] }

func (s *sorter) compare(a, b keyRef) int {
	if a.prefix != b.prefix {
		return cmp.Compare(a.prefix, b.prefix)
	}
	return bytes.Compare(s.key(a), s.key(b))
}

// prefixOf is the first bytes of b, or all and then zeros.
func prefixOf(b []byte) uint64 {
	if len(b) >= 8 {
		return binary.BigEndian.Uint64(b)
	}
	var whole [8]byte
	copy(whole[:], b)
	return binary.BigEndian.Uint64(whole[:])
}

// shrink lets go what one large map needed.
func (s *sorter) shrink() {
	const keep = 4 << 20
	if cap(s.keys) > keep {
		s.keys = nil
	}
	if cap(s.part) > keep {
		s.part = nil
	}
}
