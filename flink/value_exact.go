package flink

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
	"math/big"
	"slices"
	"time"
)

// The first byte of each kind of Value in its exact form.
const (
	exactNil byte = iota
	exactFalse
	exactTrue
	exactInt8
	exactInt16
	exactInt32
	exactInt64
	exactFloat32
	exactFloat64
	exactString
	exactBytes
	exactBigInt
	exactDecimal
	exactTime
	exactList
	exactMap
	exactRecord
	exactWindow
	exactTimer
	exactOpaque
	exactOther
)

// AppendExact appends a Value so that two Values give the same bytes if, and only if, they
// are the same: of the same type and the same width, to the last bit of a float and the last
// zero of a decimal. The order of a map's entries does not count. The order of a set's
// elements does, because a set is a list here. Use the bytes for comparing only, and keep
// them on no disk: the encoding may change.
func AppendExact(dst []byte, v Value) []byte {
	switch v := v.(type) {
	case nil:
		return append(dst, exactNil)
	case bool:
		if v {
			return append(dst, exactTrue)
		}
		return append(dst, exactFalse)
	case int8:
		return append(dst, exactInt8, byte(v))
	case int16:
		return AppendI16(append(dst, exactInt16), v)
	case int32:
		return AppendI32(append(dst, exactInt32), v)
	case int64:
		return AppendI64(append(dst, exactInt64), v)
	case float32:
		return AppendI32(append(dst, exactFloat32), int32(math.Float32bits(v)))
	case float64:
		return AppendI64(append(dst, exactFloat64), int64(math.Float64bits(v)))
	case string:
		return appendSized(append(dst, exactString), v)
	case []byte:
		return appendSized(append(dst, exactBytes), v)
	case *big.Int:
		return appendExactInt(append(dst, exactBigInt), v)
	case Decimal:
		return AppendI32(appendExactInt(append(dst, exactDecimal), v.Unscaled), v.Scale)
	case time.Time:
		return AppendI32(AppendI64(append(dst, exactTime), v.Unix()), int32(v.Nanosecond()))
	case []Value:
		dst = binary.AppendUvarint(append(dst, exactList), uint64(len(v)))
		for _, e := range v {
			dst = AppendExact(dst, e)
		}
		return dst
	case Map:
		return appendExactMap(dst, v)
	case Record:
		dst = appendSized(append(dst, exactRecord), v.Type)
		dst = binary.AppendUvarint(dst, uint64(len(v.Fields)))
		for _, f := range v.Fields {
			dst = AppendExact(appendSized(dst, f.Name), f.Value)
		}
		return dst
	case WindowValue:
		return AppendI64(AppendI64(append(dst, exactWindow), v.Start), v.End)
	case TimerValue:
		return AppendExact(AppendExact(AppendI64(append(dst, exactTimer), v.Timestamp), v.Key), v.Namespace)
	case Opaque:
		return appendSized(appendSized(append(dst, exactOpaque), v.Type), v.Data)
	default: // no Value
		return appendSized(append(dst, exactOther), fmt.Sprintf("%T %v", v, v))
	}
}

// appendSized appends a length and so many bytes.
func appendSized[T string | []byte](dst []byte, b T) []byte {
	return append(binary.AppendUvarint(dst, uint64(len(b))), b...)
}

func appendExactInt(dst []byte, n *big.Int) []byte {
	return appendSized(append(dst, byte(n.Sign())), n.Bytes())
}

func appendExactMap(dst []byte, m Map) []byte {
	entries := make([][]byte, len(m))
	for i, e := range m {
		entries[i] = AppendExact(AppendExact(nil, e.Key), e.Value)
	}
	slices.SortFunc(entries, bytes.Compare)
	dst = binary.AppendUvarint(append(dst, exactMap), uint64(len(m)))
	for _, e := range entries {
		dst = append(dst, e...)
	}
	return dst
}
