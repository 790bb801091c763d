package flink

import (
	"bytes"
	"fmt"
)

// A Serializer describes how the values of one type are encoded. Flink stores a snapshot
// of every serializer at the head of the state file that it wrote with it, so that the file
// itself says how to read it.
//
// There are three families:
//
//   - Flink's own, for the types that Flink has: String, Long, …, ListOf, MapOf,
//     Tuple, Timer and so on. All of them can be read, and those with an exported
//     name here are what Weir writes.
//   - Weir's own: AvroStruct for Go structs, Custom for bytes that only the program
//     can read.
//   - Those of which this package knows only the name, such as Kryo's. Their Decode
//     fails with an *OpaqueError.
//
// Serializers are immutable. Compare them with Equal.
type Serializer interface {
	// TypeName returns the name of the type for messages: "String", "List<Long>",
	// "record flights.Stats".
	TypeName() string

	// Length returns how many bytes every value takes, or -1 if that varies. It agrees with
	// Flink's getLength, on which the layout of composite keys depends. For VoidNamespace
	// that is 0, although a value takes one byte.
	Length() int

	// AppendSnapshot appends the snapshot in its nested form, which does not begin with a
	// version of the snapshot format (see AppendSnapshotV). It returns an error if a name in
	// it is too long or not UTF-8.
	AppendSnapshot(dst []byte) ([]byte, error)

	// Decode reads one value. It leaves an error on the cursor.
	Decode(c *Cursor) Value
}

// AppendSnapshotV appends the snapshot of s in its top-level form, as it is in the headers
// of state files.
func AppendSnapshotV(dst []byte, s Serializer) ([]byte, error) {
	return s.AppendSnapshot(AppendI32(dst, snapshotFormat))
}

// Equal reports whether a and b are the same serializer: whether their snapshots have the
// same bytes.
func Equal(a, b Serializer) bool {
	x, errX := a.AppendSnapshot(nil)
	y, errY := b.AppendSnapshot(nil)
	return errX == nil && errY == nil && bytes.Equal(x, y)
}

// An UnknownSerializerError says that a snapshot has a class that this package does not
// know. A snapshot does not say its length, so nothing after it can be found: the rest of
// the file cannot be read.
type UnknownSerializerError struct {
	Class  string // the Java class of the snapshot
	Offset int64  // where the snapshot begins
}

func (e *UnknownSerializerError) Error() string {
	return fmt.Sprintf("at byte %d: unknown serializer snapshot %s: it does not say how long it is, "+
		"so the rest of this file cannot be read", e.Offset, e.Class)
}

// An OpaqueError says that a value cannot be decoded because only the program that wrote it
// knows its encoding: Kryo, Java serialization, a class of the job.
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

// failInside records the error of a cursor over a part of the data.
func (c *Cursor) failInside(part string, err error) {
	c.fail(fmt.Errorf("at byte %d: %s: %w", c.at(), part, err))
}
