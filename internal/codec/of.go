package codec

import (
	"reflect"
	"time"

	"github.com/weirstream/weir/flink"
)

// Of returns the codec for T.
//
//	bool                         Boolean
//	int8, int16, int32           Byte, Short, Integer
//	int64, int                   Long
//	float32, float64             Float, Double
//	string                       String
//	[]byte                       byte[]
//	time.Time                    Instant: the point in time, decoded in UTC
//	[]E                          List
//	map[K]V                      Map; the entries are in the order of their encoded keys
//	struct                       Avro, with the schema in the snapshot
//	a named type of these        what it is made of
//
// Equal values have equal bytes. What has no encoding is an *UnsupportedError.
//
// Flink has no nil: a nil slice or map is written as an empty one and decoded as one
// that is empty and not nil.
//
// The fields of a struct are Avro's, by avro.SchemaFor: tags name them, give a default
// to those that older checkpoints lack, or leave them out with `avro:"-"`. As a field
// that is left out by oversight would be gone after a restore, a struct whose fields
// cannot all be kept is refused; what that means is at the top of check.go.
func Of[T any]() (Codec[T], error) {
	// First the types that most jobs use, which need no reflection.
	var codec any
	switch any((*T)(nil)).(type) {
	case *bool:
		codec = boolCodec{}
	case *int8:
		codec = int8Codec{}
	case *int16:
		codec = int16Codec{}
	case *int32:
		codec = int32Codec{}
	case *int64:
		codec = int64Codec{}
	case *int:
		codec = intCodec{}
	case *float32:
		codec = float32Codec{}
	case *float64:
		codec = float64Codec{}
	case *string:
		codec = stringCodec{}
	case *[]byte:
		codec = bytesCodec{}
	case *time.Time:
		codec = instantCodec{}
	case *[]string:
		codec = ListOf[string](stringCodec{})
	case *[]int64:
		codec = ListOf[int64](int64Codec{})
	case *[]float64:
		codec = ListOf[float64](float64Codec{})
	case *map[string]string:
		codec = MapOf[string, string](stringCodec{}, stringCodec{})
	case *map[string]int64:
		codec = MapOf[string, int64](stringCodec{}, int64Codec{})
	case *map[string]float64:
		codec = MapOf[string, float64](stringCodec{}, float64Codec{})
	}
	if codec != nil {
		return codec.(Codec[T]), nil
	}
	t := reflect.TypeFor[T]()
	if err := check(t); err != nil {
		return nil, err
	}
	// Then all others, by what they are made of.
	structs, err := recordIn[T](t)
	if err != nil {
		return nil, err
	}
	return newErased[T](erase(t, structs)), nil
}

// within returns err, which Decode returned for the bytes that begin at offset, as an
// error about the bytes that offset counts from.
func within(offset int, err error) error {
	if f, ok := err.(*flink.FormatError); ok {
		return &flink.FormatError{Offset: f.Offset + int64(offset), What: f.What}
	}
	return err
}
