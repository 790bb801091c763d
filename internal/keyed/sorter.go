package keyed

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"slices"
)

// A sorter visits things in the order of their keys. There may be many: it goes through
// them part by part, and holds the keys of one part and a byte for each of all things.
type sorter struct {
	keys   []byte // of the part, encoded
	refs   []keyRef
	part   []uint8 // of each thing
	bounds [][]byte
}

// A keyRef is a key of the part.
type keyRef struct {
	prefix     uint64 // what the key begins with, as a number in the same order
	start, end int    // where it is in keys
	i          int    // the thing it is the key of
}

const (
	partSize = 16 << 10 // about as many things are in a part
	maxParts = 256
	samples  = 32 // so many keys for each part are looked at to find where parts begin
)

// sort visits the things 0 to n-1. Their keys, which appendKey appends, must differ.
func (s *sorter) sort(n int, appendKey func([]byte, int) ([]byte, error), visit func(i int, key []byte) error) error {
	parts := min(maxParts, (n+partSize-1)/partSize)
	if parts <= 1 {
		s.empty()
		for i := range n {
			if err := s.add(i, appendKey); err != nil {
				return err
			}
		}
		return s.visit(visit)
	}
	if err := s.divide(n, parts, appendKey); err != nil {
		return err
	}
	for p := range parts {
		s.empty()
		for from := 0; ; from++ {
			next := bytes.IndexByte(s.part[from:], uint8(p))
			if next < 0 {
				break
			}
			from += next
			if err := s.add(from, appendKey); err != nil {
				return err
			}
		}
		if err := s.visit(visit); err != nil {
			return err
		}
	}
	return nil
}

// divide finds out which part each thing is in: the keys of a part all come before those
// of the next one.
func (s *sorter) divide(n, parts int, appendKey func([]byte, int) ([]byte, error)) error {
	s.empty()
	for i := range samples * parts {
		if err := s.add(i*(n/(samples*parts)), appendKey); err != nil {
			return err
		}
	}
	slices.SortFunc(s.refs, s.compare)
	s.bounds = s.bounds[:0]
	for p := 1; p < parts; p++ {
		s.bounds = append(s.bounds, bytes.Clone(s.of(s.refs[p*samples])))
	}
	s.part = slices.Grow(s.part[:0], n)[:n]
	for i := range n {
		s.empty()
		if err := s.add(i, appendKey); err != nil {
			return err
		}
		p, found := slices.BinarySearchFunc(s.bounds, s.keys, bytes.Compare)
		if found {
			p++
		}
		s.part[i] = uint8(p)
	}
	return nil
}

func (s *sorter) empty() { s.keys, s.refs = s.keys[:0], s.refs[:0] }

// add adds a thing to the part.
func (s *sorter) add(i int, appendKey func([]byte, int) ([]byte, error)) (err error) {
	start := len(s.keys)
	if s.keys, err = appendKey(s.keys, i); err != nil {
		return err
	}
	s.refs = append(s.refs, keyRef{prefixOf(s.keys[start:]), start, len(s.keys), i})
	return nil
}

// visit visits the things of the part.
func (s *sorter) visit(visit func(i int, key []byte) error) error {
	slices.SortFunc(s.refs, s.compare)
	for n, r := range s.refs {
		if n > 0 && s.compare(s.refs[n-1], r) == 0 {
			return errSameKey
		}
		if err := visit(r.i, s.of(r)); err != nil {
			return err
		}
	}
	return nil
}

func (s *sorter) of(r keyRef) []byte { return s.keys[r.start:r.end] }

func (s *sorter) compare(a, b keyRef) int {
	if a.prefix != b.prefix {
		return cmp.Compare(a.prefix, b.prefix)
	}
	return bytes.Compare(s.of(a), s.of(b))
}

// prefixOf is the first bytes of a key, or all and then zeros.
func prefixOf(key []byte) uint64 {
	if len(key) >= 8 {
		return binary.BigEndian.Uint64(key)
	}
	var b [8]byte
	copy(b[:], key)
	return binary.BigEndian.Uint64(b[:])
}

// shrink lets go what one large map needed.
func (s *sorter) shrink() {
	const keep = 1 << 20
	if cap(s.keys) > keep {
		s.keys = nil
	}
	if cap(s.part) > 16*keep {
		s.part = nil
	}
}
