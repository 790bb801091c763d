package flink

import (
	"bytes"
	"fmt"
)

// A Serializer is what a serializer snapshot describes: how the values of one type
// are laid out as bytes. Flink stores a snapshot of every serializer at the head of
// the state file it wrote with it, so that a file says itself how it is to be read.
//
// There are three families:
//
//   - Flink's own, for the types that Flink has: String, Long, …, ListOf, MapOf,
//     Tuple, Timer and so on. All of them can be read, and those with an exported
//     name here are what Weir writes.
//   - Weir's own: AvroStruct for Go structs, Custom for bytes only the program can
//     read.
//   - Those of which only the name is known, such as Kryo's. Their Decode fails with
//     an *OpaqueError.
//
// Serializers are immutable. Compare them with Equal.
type Serializer interface {
	// TypeName is the type for people: "String", "List<Long>", "record flights.Stats".
	TypeName() string

	// Length is how many bytes every value takes, or -1 if that varies. It is what
	// Flink's getLength says, which the layout of composite keys depends on; for
	// VoidNamespace that is 0, although it takes one byte.
	Length() int

	// AppendSnapshot appends the snapshot in its nested form, which has no version of
	// the snapshot format in front (see AppendSnapshotV). It fails if a name in it is
	// too long or not UTF-8.
	AppendSnapshot(dst []byte) ([]byte, error)

	// Decode reads one value. An error is left on the cursor.
	Decode(c *Cursor) Value
}

// AppendSnapshotV appends the snapshot of s in its top-level form, as it stands in
// the headers of state files.
func AppendSnapshotV(dst []byte, s Serializer) ([]byte, error) {
	return s.AppendSnapshot(AppendI32(dst, snapshotFormat))
}

// Equal tells whether a and b are the same serializer: whether their snapshots are
// the same bytes.
func Equal(a, b Serializer) bool {
	x, errX := a.AppendSnapshot(nil)
	y, errY := b.AppendSnapshot(nil)
	return errX == nil && errY == nil && bytes.Equal(x, y)
}

// An UnknownSerializerError says that a snapshot is of a class this package does not
// know. As a snapshot has no length, nothing behind it can be found: the rest of the
// file cannot be read.
type UnknownSerializerError struct {
	Class  string // the Java class of the snapshot
	Offset int64  // where the snapshot begins
}

func (e *UnknownSerializerError) Error() string {
	return fmt.Sprintf("at byte %d: unknown serializer snapshot %s: it does not say how long it is, "+
		"so the rest of this file cannot be read", e.Offset, e.Class)
}

// An OpaqueError says that a value cannot be decoded because its encoding belongs to
// someone else: Kryo, Java serialization, a class of the job's own.
type OpaqueError struct {
	Type   string // the TypeName of the serializer
	Offset int64  // where the value begins
}

func (e *OpaqueError) Error() string {
	return fmt.Sprintf("at byte %d: a value of %s can only be read by the job that wrote it", e.Offset, e.Type)
}

// fail records an error on the cursor, unless there is one already.
func (c *Cursor) fail(err error) {
	if c.err == nil {
		c.err = err
	}
}

// failInside records an error that a cursor over a part of the data came to.
func (c *Cursor) failInside(part string, err error) {
	c.fail(fmt.Errorf("at byte %d: %s: %w", c.at(), part, err))
}
