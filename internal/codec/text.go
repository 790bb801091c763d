package codec

import (
	"fmt"
	"math"

	"github.com/weirstream/weir/flink"
)

// stringCodec loses nothing of any string, valid UTF-8 or not: see flink.AppendString.
type stringCodec struct{}

func (stringCodec) Serializer() flink.Serializer { return flink.String }

func (stringCodec) Append(dst []byte, v string) ([]byte, error) {
	if len(v) > math.MaxInt32-1 { // a unit of UTF-16 per byte at most
		return dst, tooLong(len(v))
	}
	return flink.AppendString(dst, v), nil
}

func (stringCodec) Decode(src []byte) (string, int, error) {
	c := flink.NewCursor(src)
	v, null := c.FString()
	switch {
	case c.Err() != nil:
		return "", 0, c.Err()
	case null:
		return "", 0, errNull("string")
	}
	return v, c.Offset(), nil
}

// bytesCodec writes nil as an empty slice, and decodes it as one that is not nil.
type bytesCodec struct{}

func (bytesCodec) Serializer() flink.Serializer { return flink.ByteArray }

func (bytesCodec) Append(dst []byte, v []byte) ([]byte, error) {
	if len(v) > math.MaxInt32 {
		return dst, tooLong(len(v))
	}
	return flink.AppendBytes32(dst, v), nil
}

func (bytesCodec) Decode(src []byte) ([]byte, int, error) {
	c := flink.NewCursor(src)
	b := c.Bytes32()
	if err := c.Err(); err != nil {
		return nil, 0, err
	}
	return append(make([]byte, 0, len(b)), b...), c.Offset(), nil
}

func tooLong(n int) error {
	return fmt.Errorf("%d bytes: Flink's encoding has room for less than 2 GiB", n)
}

// errNull says that a job of Flink wrote a null where Go has none.
func errNull(goType string) error {
	return &flink.FormatError{What: "a null, for which a Go " + goType + " has no value"}
}
