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
	// First the types that most jobs use, with their own kind of codec each.
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
	// Then named types: `type Airport string`, `type Route []Airport`.
	if c := named[T](t); c != nil {
		return c, nil
	}
	if t.Kind() == reflect.Struct {
		return newStructCodec[T]()
	}
	// What is left is a slice or a map of something.
	structs, err := recordIn[T](t)
	if err != nil {
		return nil, err
	}
	return &erasedCodec[T]{erase(t, structs)}, nil
}

// named returns the codec for a type that has the memory layout of one of Go's own, or
// nil if T is none.
func named[T any](t reflect.Type) Codec[T] {
	switch t.Kind() {
	case reflect.Bool:
		return viewed[T, bool]{boolCodec{}}
	case reflect.Int8:
		return viewed[T, int8]{int8Codec{}}
	case reflect.Int16:
		return viewed[T, int16]{int16Codec{}}
	case reflect.Int32:
		return viewed[T, int32]{int32Codec{}}
	case reflect.Int64:
		return viewed[T, int64]{int64Codec{}}
	case reflect.Int:
		return viewed[T, int]{intCodec{}}
	case reflect.Float32:
		return viewed[T, float32]{float32Codec{}}
	case reflect.Float64:
		return viewed[T, float64]{float64Codec{}}
	case reflect.String:
		return viewed[T, string]{stringCodec{}}
	case reflect.Slice:
		switch t.Elem().Kind() {
		case reflect.Uint8:
			return viewed[T, []byte]{bytesCodec{}}
		case reflect.String:
			return viewed[T, []string]{ListOf[string](stringCodec{})}
		case reflect.Int64:
			return viewed[T, []int64]{ListOf[int64](int64Codec{})}
		case reflect.Float64:
			return viewed[T, []float64]{ListOf[float64](float64Codec{})}
		}
	case reflect.Struct:
		if t == timeType || t.ConvertibleTo(timeType) {
			return viewed[T, time.Time]{instantCodec{}}
		}
	}
	return nil
}

var (
	timeType     = reflect.TypeFor[time.Time]()
	durationType = reflect.TypeFor[time.Duration]()
)

// within returns err, which Decode returned for the bytes that begin at offset, as an
// error about the bytes that offset counts from.
func within(offset int, err error) error {
	if f, ok := err.(*flink.FormatError); ok {
		return &flink.FormatError{Offset: f.Offset + int64(offset), What: f.What}
	}
	return err
}
