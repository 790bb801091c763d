package weir

import (
	"fmt"

	"github.com/weirstream/weir/flink"
	"github.com/weirstream/weir/internal/codec"
)

// A Codec turns values of T into bytes and back: how keys and state are written into a
// checkpoint. Most types need none written for them: strings, bools, signed integers,
// floats, []byte, time.Time, slices and maps of these are written as Flink writes them,
// and structs and others as Avro with their schema beside them, so that state can be read
// without the program, and by a program in which the struct was changed. docs/state.md
// says which types these are, and which changes can be read.
//
// For any other type give a codec of your own, made by [CustomCodec], where the type is
// used: to [KeyBy], or by [WithCodec] to [NewValue] and the like.
type Codec[T any] interface {
	// Append appends the encoding of v to dst. The encoding says by itself where it ends.
	Append(dst []byte, v T) ([]byte, error)
	// Decode decodes the value at the beginning of src and returns how many bytes it took.
	// The value must not share memory with src.
	Decode(src []byte) (v T, n int, err error)
	// Serializer is what the checkpoint says about the encoding.
	Serializer() Serializer
}

// A Serializer describes an encoding in a checkpoint, as Flink's serializer snapshots do.
// [CustomCodec] makes one for codecs of your own.
type Serializer = flink.Serializer

// CustomCodec makes a codec from two functions. Name and version are written into every
// checkpoint; state written under another name or version is refused at a restore.
// encode appends to dst; decode gets exactly the bytes that encode appended, and must
// not keep them.
func CustomCodec[T any](name string, version int, encode func(dst []byte, v T) ([]byte, error), decode func(src []byte) (T, error)) Codec[T] {
	return codec.Custom(name, version, encode, decode)
}

// codecFor returns the codec that was given, or finds the one for T.
func codecFor[T any](own []Codec[T]) (codec.Codec[T], error) {
	switch len(own) {
	case 0:
		return codec.Of[T]()
	case 1:
		return own[0], nil
	}
	return nil, fmt.Errorf("%d codecs for one type: give one at the most", len(own))
}
