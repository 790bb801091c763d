// Package codec turns Go values into the bytes of Flink's type serializers and back.
//
// Where Flink has the type, its serializer's encoding is used; a Go struct is written
// as Avro with its schema in the serializer's snapshot. There is one codec per Go
// type, found once by reflection when a job is built; after that no reflection is
// used on the types Flink has.
//
// The package is pure. It is where the contracts weir.Codec and weir.CustomCodec are
// implemented.
package codec

import "github.com/weirstream/weir/flink"

// A Codec turns values of one Go type into the bytes of one Flink serializer and
// back. It has no state of its own and may be used concurrently.
type Codec[T any] interface {
	// Append appends the encoding of v to dst. An encoding says by itself where it ends.
	Append(dst []byte, v T) ([]byte, error)
	// Decode decodes the value at the beginning of src and tells how many bytes it
	// took. The value does not share memory with src. Bad bytes are an error, never a
	// panic, and no more is allocated than src can fill.
	Decode(src []byte) (v T, n int, err error)
	// Serializer is what a snapshot says about the encoding.
	Serializer() flink.Serializer
}
