package codec

import (
	"encoding/binary"
	"fmt"
	"math"

	"github.com/weirstream/weir/flink"
)

// Custom returns a codec that the program itself defines. A value is written as the length
// of its encoding, 32 bits, and the encoding. The snapshot has the name and the version; a
// checkpoint with another name or version is not read.
//
// encode appends the encoding of a value to its first argument, or returns it in a slice
// of its own. Equal values should have equal encodings, and equal keys must. decode gets
// the bytes of exactly one value, in a copy that it may keep, and returns an error for
// bytes that make no sense. Both may be called concurrently.
func Custom[T any](name string, version int, encode func([]byte, T) ([]byte, error), decode func([]byte) (T, error)) Codec[T] {
	if version != int(int32(version)) {
		panic(fmt.Sprintf("codec: version %d of %s does not fit in 32 bits", version, name))
	}
	return &customCodec[T]{flink.Custom{Name: name, Version: int32(version)}, encode, decode}
}

type customCodec[T any] struct {
	custom flink.Custom
	encode func([]byte, T) ([]byte, error)
	decode func([]byte) (T, error)
}

func (c *customCodec[T]) Serializer() flink.Serializer { return c.custom }

func (c *customCodec[T]) Append(dst []byte, v T) ([]byte, error) {
	const prefix = 4
	start := len(dst)
	out := append(dst, 0, 0, 0, 0)
	// encode is given the free room after what is there already, and not that itself.
	b, err := c.encode(out[start+prefix:], v)
	switch {
	case err != nil:
		return dst, fmt.Errorf("%s: %w", c.custom.TypeName(), err)
	case len(b) > math.MaxInt32:
		return dst, fmt.Errorf("%s: %w", c.custom.TypeName(), tooLong(len(b)))
	}
	out = append(out, b...) // copies nothing if b is there already
	binary.BigEndian.PutUint32(out[start:], uint32(len(b)))
	return out, nil
}

func (c *customCodec[T]) Decode(src []byte) (T, int, error) {
	in := flink.NewCursor(src)
	b := in.Bytes32()
	if err := in.Err(); err != nil {
		return *new(T), 0, err
	}
	v, err := c.decode(append(make([]byte, 0, len(b)), b...))
	if err != nil {
		return *new(T), 0, fmt.Errorf("%s: %w", c.custom.TypeName(), err)
	}
	return v, in.Offset(), nil
}
