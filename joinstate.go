package weir

import (
	"fmt"

	"github.com/weirstream/weir/flink"
	"github.com/weirstream/weir/internal/codec"
)

// A joinBuffer is one of the two buffers of an interval join: the namespace of the timers that
// clean it up.
type joinBuffer uint8

const (
	leftBuffer joinBuffer = iota
	rightBuffer
)

func (b joinBuffer) String() string { return [...]string{"left", "right"}[b] }

// joinBuffers writes them as Flink's IntervalJoinOperator does.
var joinBuffers codec.Codec[joinBuffer] = joinBufferCodec{}

var joinBufferNames = [...]string{"CLEANUP_LEFT", "CLEANUP_RIGHT"}

type joinBufferCodec struct{}

func (joinBufferCodec) Serializer() flink.Serializer { return flink.String }

func (joinBufferCodec) Append(dst []byte, b joinBuffer) ([]byte, error) {
	return flink.AppendString(dst, joinBufferNames[b]), nil
}

func (joinBufferCodec) Decode(src []byte) (joinBuffer, int, error) {
	c := flink.NewCursor(src)
	name, _ := c.FString()
	if err := c.Err(); err != nil {
		return 0, 0, err
	}
	for i, known := range joinBufferNames {
		if name == known {
			return joinBuffer(i), c.Offset(), nil
		}
	}
	return 0, 0, fmt.Errorf("a timer of a join for %q, want %q", name, joinBufferNames)
}

// joinEntries writes a record of an interval join as Flink does: a flag that means nothing,
// and the record.
type joinEntries[T any] struct{ record codec.Codec[T] }

func (j joinEntries[T]) Serializer() flink.Serializer { return flink.JoinEntry(j.record.Serializer()) }

func (j joinEntries[T]) Append(dst []byte, v T) ([]byte, error) {
	out, err := j.record.Append(append(dst, 0), v)
	if err != nil {
		return dst, err
	}
	return out, nil
}

func (j joinEntries[T]) Decode(src []byte) (v T, n int, err error) {
	c := flink.NewCursor(src)
	c.Bool()
	if err := c.Err(); err != nil {
		return v, 0, err
	}
	v, n, err = j.record.Decode(src[c.Offset():])
	return v, n + c.Offset(), err
}

// Reading returns the codec that reads what a serializer wrote.
func (j joinEntries[T]) Reading(was flink.Serializer) (codec.Codec[T], error) {
	parts, ok := flink.PartsLike(was, j.Serializer())
	if !ok {
		return nil, fmt.Errorf("it was written as %s, and not by an interval join", was.TypeName())
	}
	record, err := codec.Reading(j.record, parts[0])
	return joinEntries[T]{record}, err
}
