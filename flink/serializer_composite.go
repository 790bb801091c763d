package flink

import "slices"

// A composite serializer has other serializers in it. Its snapshot's payload (Flink:
// CompositeTypeSerializerSnapshot, NestedSerializersSnapshotDelegate):
//
//	i32  0x000DE704
//	i32  outer version         of the outer payload
//	...  outer payload         one of outerPayload's forms
//	i32  0x001457FD
//	i32  1
//	i32  n
//	n ×  snapshot              the nested serializers
//
// Snapshot versions 1 and 2 have neither the first number nor an outer version.
const (
	compositeVersion     = 3
	compositeOldVersion  = 2
	compositeMagic       = 0x000DE704
	compositeNestedMagic = 0x001457FD
	compositeNestedV     = 1
)

// A composite is one composite serializer. The value of its outer payload is in text or
// number; the kind decides which.
type composite struct {
	kind   *compositeKind
	text   string
	number int32
	nested []Serializer
}

// A compositeKind is what the composite serializers of one class have in common.
type compositeKind struct {
	class        string
	outerVersion int32
	outer        outerPayload
	arity        int // how many serializers are nested; anyArity for one or more
	name         func(*composite) string
	length       func(*composite) int // nil for -1
	decode       func(*composite, *Cursor) Value
}

const anyArity = -1

// outerPayload is the form of the payload that a composite class adds to its nested
// snapshots.
type outerPayload uint8

const (
	outerNothing outerPayload = iota
	outerText                 // utf
	outerNumber               // i32
	outerFlag                 // bool
)

func (s *composite) TypeName() string       { return s.kind.name(s) }
func (s *composite) Decode(c *Cursor) Value { return s.kind.decode(s, c) }

func (s *composite) Length() int {
	if s.kind.length == nil {
		return -1
	}
	return s.kind.length(s)
}

func (s *composite) AppendSnapshot(dst []byte) ([]byte, error) {
	dst, err := appendSnapshotHead(dst, s.kind.class, compositeVersion)
	if err != nil {
		return dst, err
	}
	dst = AppendI32(dst, compositeMagic)
	dst = AppendI32(dst, s.kind.outerVersion)
	switch s.kind.outer {
	case outerText:
		if dst, err = AppendUTF(dst, s.text); err != nil {
			return dst, err
		}
	case outerNumber:
		dst = AppendI32(dst, s.number)
	case outerFlag:
		dst = AppendBool(dst, s.number != 0)
	}
	dst = AppendI32(dst, compositeNestedMagic)
	dst = AppendI32(dst, compositeNestedV)
	dst = AppendI32(dst, int32(len(s.nested)))
	for _, n := range s.nested {
		if dst, err = n.AppendSnapshot(dst); err != nil {
			return dst, err
		}
	}
	return dst, nil
}

func (k *compositeKind) readSnapshot(r *snapshotReader, version int32) Serializer {
	s := &composite{kind: k}
	outer := version
	switch {
	case version == compositeVersion:
		r.expect("magic number", compositeMagic)
		outer = r.I32()
	case version < 1 || version > compositeOldVersion:
		return r.badVersion(k.class, version)
	}
	// In old versions the number has no meaning if there is no outer payload.
	if outer != k.outerVersion && (version == compositeVersion || k.outer != outerNothing) {
		return r.badVersion(k.class+"'s outer part", outer)
	}
	switch k.outer {
	case outerText:
		s.text = r.UTF()
	case outerNumber:
		s.number = r.I32()
	case outerFlag:
		if r.Bool() {
			s.number = 1
		}
	}
	r.expect("magic number of the nested snapshots", compositeNestedMagic)
	r.expect("version of the nested snapshots", compositeNestedV)
	n := r.Count("nested serializer snapshots", snapshotMinSize)
	if r.err == nil && n != k.arity && (k.arity != anyArity || n == 0) {
		r.Failf("%d serializer snapshots nested in %s", n, k.class)
	}
	for range n {
		s.nested = append(s.nested, r.nested())
		if r.err != nil {
			return nil
		}
	}
	return s
}

// expect reads a number that is always the same.
func (r *snapshotReader) expect(what string, want int32) {
	if got := r.I32(); got != want {
		r.Failf("%s is %#x, want %#x", what, uint32(got), uint32(want))
	}
}

// sumOfLengths returns the length of values that follow each other, or -1 if it varies. A
// length of 0 counts as varying, as in Flink.
func (s *composite) sumOfLengths() int {
	sum := 0
	for _, n := range s.nested {
		l := n.Length()
		if l <= 0 {
			return -1
		}
		sum += l
	}
	return sum
}

// The table of composite kinds.
var compositeKinds = slices.Concat(collectionKinds, productKinds, wrapperKinds)
