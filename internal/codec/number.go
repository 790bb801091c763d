package codec

import (
	"fmt"
	"strconv"

	"github.com/weirstream/weir/flink"
)

// Numbers and booleans, as in Flink's LongSerializer and its like: fixed width,
// big-endian. Floats keep their bits, NaNs included.

type boolCodec struct{}

func (boolCodec) Serializer() flink.Serializer { return flink.Bool }

func (boolCodec) Append(dst []byte, v bool) ([]byte, error) { return flink.AppendBool(dst, v), nil }

func (boolCodec) Decode(src []byte) (bool, int, error) {
	c := flink.NewCursor(src)
	return c.Bool(), c.Offset(), c.Err()
}

type int8Codec struct{}

func (int8Codec) Serializer() flink.Serializer { return flink.Byte }

func (int8Codec) Append(dst []byte, v int8) ([]byte, error) { return append(dst, byte(v)), nil }

func (int8Codec) Decode(src []byte) (int8, int, error) {
	c := flink.NewCursor(src)
	return int8(c.U8()), c.Offset(), c.Err()
}

type int16Codec struct{}

func (int16Codec) Serializer() flink.Serializer { return flink.Short }

func (int16Codec) Append(dst []byte, v int16) ([]byte, error) { return flink.AppendI16(dst, v), nil }

func (int16Codec) Decode(src []byte) (int16, int, error) {
	c := flink.NewCursor(src)
	return c.I16(), c.Offset(), c.Err()
}

type int32Codec struct{}

func (int32Codec) Serializer() flink.Serializer { return flink.Int }

func (int32Codec) Append(dst []byte, v int32) ([]byte, error) { return flink.AppendI32(dst, v), nil }

func (int32Codec) Decode(src []byte) (int32, int, error) {
	c := flink.NewCursor(src)
	return c.I32(), c.Offset(), c.Err()
}

type int64Codec struct{}

func (int64Codec) Serializer() flink.Serializer { return flink.Long }

func (int64Codec) Append(dst []byte, v int64) ([]byte, error) { return flink.AppendI64(dst, v), nil }

func (int64Codec) Decode(src []byte) (int64, int, error) {
	c := flink.NewCursor(src)
	return c.I64(), c.Offset(), c.Err()
}

// intCodec writes 64 bits on every machine: a checkpoint may be restored on another one.
type intCodec struct{}

func (intCodec) Serializer() flink.Serializer { return flink.Long }

func (intCodec) Append(dst []byte, v int) ([]byte, error) { return flink.AppendI64(dst, int64(v)), nil }

func (intCodec) Decode(src []byte) (int, int, error) {
	c := flink.NewCursor(src)
	v := c.I64()
	if int64(int(v)) != v {
		return 0, 0, &flink.FormatError{What: fmt.Sprintf("%d does not fit in the %d bits of an int", v, strconv.IntSize)}
	}
	return int(v), c.Offset(), c.Err()
}

type float32Codec struct{}

func (float32Codec) Serializer() flink.Serializer { return flink.Float }

func (float32Codec) Append(dst []byte, v float32) ([]byte, error) {
	return flink.AppendF32(dst, v), nil
}

func (float32Codec) Decode(src []byte) (float32, int, error) {
	c := flink.NewCursor(src)
	return c.F32(), c.Offset(), c.Err()
}

type float64Codec struct{}

func (float64Codec) Serializer() flink.Serializer { return flink.Double }

func (float64Codec) Append(dst []byte, v float64) ([]byte, error) {
	return flink.AppendF64(dst, v), nil
}

func (float64Codec) Decode(src []byte) (float64, int, error) {
	c := flink.NewCursor(src)
	return c.F64(), c.Offset(), c.Err()
}
