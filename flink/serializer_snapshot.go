package flink

// A serializer snapshot (Flink: TypeSerializerSnapshotSerializationUtil):
//
//	i32  2                the snapshot format, at the top level only
//	utf  class            the Java class of the snapshot
//	i32  version          of the payload
//	...  payload          in the format of the class, without a length

// snapshotFormat is the version in front of a top-level snapshot.
const snapshotFormat = 2

// snapshotMinSize is the least number of bytes of a nested snapshot.
const snapshotMinSize = 2 + 4

// snapshotMaxDepth bounds how deep snapshots may be nested. The types of real programs are
// nested a few levels deep.
const snapshotMaxDepth = 64

// A snapshotClass reads the payload of a snapshot, after the class and the version. Its
// result does not matter if it leaves an error on the reader.
type snapshotClass func(r *snapshotReader, version int32) Serializer

// DecodeSnapshotV reads a snapshot in its top-level form. It returns nil if the cursor has
// an error.
func DecodeSnapshotV(c *Cursor) Serializer {
	if v := c.I32(); v != snapshotFormat {
		c.Failf("serializer snapshot format %d, want %d", v, snapshotFormat)
		return nil
	}
	return DecodeSnapshot(c)
}

// DecodeSnapshot reads a snapshot in its nested form. It returns nil if the cursor has an
// error.
func DecodeSnapshot(c *Cursor) Serializer {
	r := &snapshotReader{Cursor: c, classes: snapshotClasses}
	return r.nested()
}

// A snapshotReader is a cursor in the middle of nested snapshots.
type snapshotReader struct {
	*Cursor
	classes map[string]snapshotClass // a field, as the rows refer to the reader
	depth   int
}

// nested reads a snapshot. It returns nil after an error.
func (r *snapshotReader) nested() Serializer {
	at := r.off
	if r.depth++; r.depth > snapshotMaxDepth {
		r.Failf("serializer snapshots are nested more than %d deep", snapshotMaxDepth)
	}
	defer func() { r.depth-- }()
	class := r.UTF()
	version := r.I32()
	if r.err != nil {
		return nil
	}
	read := r.classes[class]
	if read == nil {
		r.fail(&UnknownSerializerError{Class: class, Offset: int64(at)})
		return nil
	}
	s := read(r, version)
	if r.err != nil {
		return nil
	}
	return s
}

// within reads a snapshot that fills data, which is a part of the data of r.
func (r *snapshotReader) within(data []byte) (Serializer, error) {
	inner := &snapshotReader{Cursor: NewCursor(data), classes: r.classes, depth: r.depth}
	s := inner.nested()
	if inner.err == nil && inner.Remaining() > 0 {
		inner.Failf("%d bytes left over after the snapshot", inner.Remaining())
	}
	return s, inner.err
}

// badVersion records that a snapshot has an unknown version.
func (r *snapshotReader) badVersion(class string, version int32) Serializer {
	r.Failf("version %d of %s is not known", version, class)
	return nil
}

// appendSnapshotHead appends the head of a snapshot.
func appendSnapshotHead(dst []byte, class string, version int32) ([]byte, error) {
	dst, err := AppendUTF(dst, class)
	return AppendI32(dst, version), err
}
