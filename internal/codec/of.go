package codec

import (
	"reflect"
	"sync"
	"time"

	"github.com/weirstream/weir/flink"
)

// Of returns the codec for state of type T.
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
//	struct and all others        Avro, with the schema in the snapshot
//	a named type of these        what it is made of
//
// docs/state.md has all of it. Equal values have equal bytes. What has no encoding is an
// *[UnsupportedError] or a *[ProcessBoundError].
//
// Flink has no nil: a nil slice or map is written as an empty one and decoded as one
// that is empty and not nil. As a field that is left out by oversight would be gone after
// a restore, a struct whose fields cannot all be kept is refused.
func Of[T any]() (Codec[T], error) {
	if c := wellKnown[T](); c != nil {
		return c.(Codec[T]), nil
	}
	t := reflect.TypeFor[T]()
	if known, ok := found.Load(t); ok {
		return known.(*finding[T]).codec, known.(*finding[T]).err
	}
	f := &finding[T]{}
	if e, err := erase(t); err != nil {
		f.err = err
	} else {
		f.codec = newErased[T](e)
	}
	found.Store(t, f)
	return f.codec, f.err
}

// ForExchange returns the codec for records of type T that go from one process to another.
// It is the one that state of that type has.
//
// If the error is a *[ProcessBoundError], values of T can never leave their process. If it
// is an *[UnsupportedError], they merely have no codec, and a job that runs in one process
// does not need one.
func ForExchange[T any]() (Codec[T], error) { return Of[T]() }

// found is what Of has found for the types that it was asked for, by their reflect.Type: a
// *finding of that type.
var found sync.Map

type finding[T any] struct {
	codec Codec[T]
	err   error
}

var (
	stringsCodec  = ListOf[string](stringCodec{})
	int64sCodec   = ListOf[int64](int64Codec{})
	float64sCodec = ListOf[float64](float64Codec{})
	textsCodec    = MapOf[string, string](stringCodec{}, stringCodec{})
	countsCodec   = MapOf[string, int64](stringCodec{}, int64Codec{})
	figuresCodec  = MapOf[string, float64](stringCodec{}, float64Codec{})
)

// wellKnown returns the codec of a type that most jobs use, or nil. It needs no
// reflection.
func wellKnown[T any]() any {
	switch any((*T)(nil)).(type) {
	case *bool:
		return boolCodec{}
	case *int8:
		return int8Codec{}
	case *int16:
		return int16Codec{}
	case *int32:
		return int32Codec{}
	case *int64:
		return int64Codec{}
	case *int:
		return intCodec{}
	case *float32:
		return float32Codec{}
	case *float64:
		return float64Codec{}
	case *string:
		return stringCodec{}
	case *[]byte:
		return bytesCodec{}
	case *time.Time:
		return instantCodec{}
	case *[]string:
		return stringsCodec
	case *[]int64:
		return int64sCodec
	case *[]float64:
		return float64sCodec
	case *map[string]string:
		return textsCodec
	case *map[string]int64:
		return countsCodec
	case *map[string]float64:
		return figuresCodec
	default:
		return nil
	}
}

// within returns err, which Decode returned for the bytes that begin at offset, as an
// error about the bytes that offset counts from.
func within(offset int, err error) error {
	if f, ok := err.(*flink.FormatError); ok {
		return &flink.FormatError{Offset: f.Offset + int64(offset), What: f.What}
	}
	return err
}
