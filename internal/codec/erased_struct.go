package codec

import (
	"fmt"
	"reflect"
	"unsafe"

	"github.com/twmb/avro"

	"github.com/weirstream/weir/flink"
)

// erasedStruct is structCodec for a type of structs that is known by reflection only.
type erasedStruct struct {
	typ    reflect.Type
	record *record
}

func (s erasedStruct) serializer() flink.Serializer { return s.record.serializer }

func (s erasedStruct) append(dst []byte, p unsafe.Pointer) ([]byte, error) {
	return s.record.append(dst, reflect.NewAt(s.typ, p).Interface())
}

func (s erasedStruct) decode(src []byte, p unsafe.Pointer) (int, error) {
	return s.record.decode(src, reflect.NewAt(s.typ, p).Interface())
}

// recordIn returns the record of the structs that a slice or map T consists of, or nil
// if it has none. The avro package infers schemas of type parameters only: so it is
// given a struct with a T in it, and the part for the structs in T is taken from that.
// This is why maps around structs need strings for keys.
func recordIn[T any](t reflect.Type) (*record, error) {
	type around struct{ T T }
	inner := innermost(t)
	if !isRecord(inner) {
		return nil, nil
	}
	outer, err := avro.SchemaFor[around](avro.WithName("weir_around"))
	if err != nil {
		return nil, fmt.Errorf("no codec for %s: %w", t, err)
	}
	node := &outer.Root().Fields[0].Type
	for node.Items != nil || node.Values != nil {
		if node.Items != nil {
			node = node.Items
		} else {
			node = node.Values
		}
	}
	schema, err := node.Schema()
	if err != nil {
		return nil, fmt.Errorf("no codec for %s: %w", t, err)
	}
	return newRecord(inner, schema)
}
