package flink

import (
	"fmt"
	"math"
	"strconv"

	"github.com/weirstream/weir/checkpoint"
)

// A handle says where a piece of state is. There are three kinds, each in its file:
// a StreamHandle says where bytes are, a KeyedHandle and an OperatorHandle say what
// the bytes of a stream handle are. Their tags are numbered as one.

// A HandleTag is the byte that a handle begins with. The tags do not depend on the
// version of the metadata they are in.
type HandleTag uint8

const (
	TagNull         HandleTag = 0
	TagInline       HandleTag = 1  // stream: bytes inside of _metadata
	TagFile         HandleTag = 2  // stream: a file by its absolute path
	TagRelative     HandleTag = 6  // stream: a file beside _metadata
	TagSegment      HandleTag = 15 // stream: part of a file (file merging)
	TagEmptySegment HandleTag = 16 // stream: no bytes (file merging)

	TagKeyGroups   HandleTag = 3  // keyed: one stream, without an id; also as a stream
	TagSavepoint   HandleTag = 7  // keyed: one stream in the canonical layout
	TagKeyGroupsV2 HandleTag = 12 // keyed: one stream, with an id

	TagIncremental   HandleTag = 5  // keyed: RocksDB's files, without an id
	TagIncrementalV2 HandleTag = 11 // keyed: RocksDB's files, with an id

	TagChangelog       HandleTag = 8  // keyed: state plus changes, without a checkpoint id
	TagChangelogV2     HandleTag = 14 // keyed: state plus changes, with a checkpoint id
	TagChangelogMemory HandleTag = 9  // keyed: changes, inline
	TagChangelogFile   HandleTag = 10 // keyed: changes, in files
	TagChangelogFileV2 HandleTag = 13 // keyed: changes, in files of a named storage

	TagPartitionable       HandleTag = 4  // operator: one stream
	TagPartitionableMerged HandleTag = 17 // operator: one stream (file merging)
)

var tagNames = [...]string{
	TagNull:                "null",
	TagInline:              "byte stream",
	TagFile:                "file",
	TagRelative:            "relative file",
	TagSegment:             "file segment",
	TagEmptySegment:        "empty file segment",
	TagKeyGroups:           "key groups",
	TagSavepoint:           "savepoint key groups",
	TagKeyGroupsV2:         "key groups V2",
	TagIncremental:         "incremental key groups",
	TagIncrementalV2:       "incremental key groups V2",
	TagChangelog:           "changelog",
	TagChangelogV2:         "changelog V2",
	TagChangelogMemory:     "changelog in-memory increment",
	TagChangelogFile:       "changelog file increment",
	TagChangelogFileV2:     "changelog file increment V2",
	TagPartitionable:       "partitionable",
	TagPartitionableMerged: "partitionable, file merging",
}

// String returns the number and Flink's name for it.
func (t HandleTag) String() string {
	if int(t) >= len(tagNames) {
		return strconv.Itoa(int(t)) + " (unknown)"
	}
	return strconv.Itoa(int(t)) + " (" + tagNames[t] + ")"
}

// maxHandleDepth is how deep handles may be nested. Flink's deepest nesting is four: a
// changelog of key groups of a legacy stream in a file.
const maxHandleDepth = 8

// A handleReader reads handles. Composite literals that read the fields of a handle have
// them in the order of the format: Go calls functions in the order in which they stand.
type handleReader struct {
	*Cursor
	depth int
}

// enter must be called before reading something that may hold a handle of the same kind,
// and leave after it. Beyond maxHandleDepth enter records an error, so that the reads that
// follow return nulls.
func (r *handleReader) enter() {
	if r.depth++; r.depth > maxHandleDepth {
		r.Failf("more than %d handles in one another", maxHandleDepth)
	}
}

func (r *handleReader) leave() { r.depth-- }

// require records an error about what has just been read.
func (r *handleReader) require(err error) {
	if err != nil {
		r.Failf("%v", err)
	}
}

// wrongTag records that the byte just read is not the tag of a handle of this kind.
func (r *handleReader) wrongTag(kind string, tag HandleTag) {
	if r.err == nil {
		r.off--
		r.Failf("want a handle of %s, have tag %v", kind, tag)
	}
}

// keyGroupRange reads a range of key groups as a start and a number.
func (r *handleReader) keyGroupRange() checkpoint.KeyGroupRange {
	start, n := int(r.I32()), int(r.I32())
	if start < 0 || n < 0 || start > checkpoint.MaxMaxParallelism-n {
		r.Failf("%d key groups from %d on, and there are at most %d",
			n, start, checkpoint.MaxMaxParallelism)
		return checkpoint.KeyGroupRange{Start: 0, End: -1}
	}
	return checkpoint.KeyGroupRange{Start: start, End: start + n - 1}
}

// i64s reads n numbers.
func (r *handleReader) i64s(n int) []int64 {
	if n == 0 || n > r.Remaining()/8 {
		r.Bytes(8 * n) // is an error unless n is 0
		return nil
	}
	list := make([]int64, n)
	for i := range list {
		list[i] = r.I64()
	}
	return list
}

// A handleWriter writes handles. Its first error sticks. After an error the appended bytes
// are of no use.
type handleWriter struct {
	dst   []byte
	depth int
	err   error
}

// require records an error about what is being written.
func (w *handleWriter) require(err error) {
	if w.err == nil {
		w.err = err
	}
}

// enter and leave are as in handleReader: what cannot be read must not be written. Beyond
// maxHandleDepth enter returns false, so that writing ends even if a handle holds itself.
func (w *handleWriter) enter() bool {
	w.depth++
	if w.depth > maxHandleDepth {
		w.require(fmt.Errorf("more than %d handles in one another", maxHandleDepth))
		return false
	}
	return true
}

func (w *handleWriter) leave() { w.depth-- }

func (w *handleWriter) u8(v uint8)      { w.dst = append(w.dst, v) }
func (w *handleWriter) bool(v bool)     { w.dst = AppendBool(w.dst, v) }
func (w *handleWriter) i32(v int32)     { w.dst = AppendI32(w.dst, v) }
func (w *handleWriter) u32(v uint32)    { w.i32(int32(v)) }
func (w *handleWriter) i64(v int64)     { w.dst = AppendI64(w.dst, v) }
func (w *handleWriter) tag(t HandleTag) { w.u8(uint8(t)) }

// count writes the number of elements that follow.
func (w *handleWriter) count(n int) {
	if n > math.MaxInt32 {
		w.require(fmt.Errorf("%d elements are more than a 32-bit number can say", n))
		return
	}
	w.i32(int32(n))
}

func (w *handleWriter) bytes32(b []byte) {
	w.count(len(b))
	w.dst = append(w.dst, b...)
}

func (w *handleWriter) utf(what, s string) {
	dst, err := AppendUTF(w.dst, s)
	if err != nil {
		w.require(fmt.Errorf("%s: %w", what, err))
	}
	w.dst = dst
}

func (w *handleWriter) i64s(list []int64) {
	for _, v := range list {
		w.i64(v)
	}
}

func (w *handleWriter) keyGroupRange(r checkpoint.KeyGroupRange) {
	if r.Start < 0 || r.End < r.Start-1 || r.End >= checkpoint.MaxMaxParallelism {
		w.require(fmt.Errorf("no range of key groups from %d to %d", r.Start, r.End))
	}
	w.i32(int32(r.Start))
	w.i32(int32(r.Len()))
}
