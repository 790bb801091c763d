// Package codec turns Go values into bytes and back: those of Flink's type serializers
// where Flink has the type, and Avro with its schema in the snapshot for all others.
//
// There is one codec per Go type. It is found by reflection, once, when a job is built.
// docs/state.md says which types there are codecs for and how a type may change.
//
// The package is pure. It is where the contracts weir.Codec and weir.CustomCodec are
// implemented.
package codec

import "github.com/weirstream/weir/flink"

// A Codec turns values of one Go type into the bytes of one Flink serializer and
// back. It has no state of its own and may be used concurrently.
type Codec[T any] interface {
	// Append appends the encoding of v to dst. An encoding says by itself where it ends.
	// After an error dst is as it was.
	Append(dst []byte, v T) ([]byte, error)
	// Decode decodes the value at the beginning of src and returns how many bytes it
	// took. The value does not share memory with src. Bad bytes are an error, never a
	// panic, and no more is allocated than src can fill.
	Decode(src []byte) (v T, n int, err error)
	// Serializer is what a snapshot says about the encoding.
	Serializer() flink.Serializer
}
