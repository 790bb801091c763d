package codec

import (
	"fmt"
	"reflect"
	"sync"

	"github.com/weirstream/weir/flink"
	"github.com/weirstream/weir/internal/codec/avrogo"
)

// HashOf returns the function from a key to the hash code from which flink.KeyGroupOf
// computes its key group. For the types that Flink has it is the hashCode of Java's type
// (String, Long, …), so that the key group is Flink's. For Avro and for CustomCodecs, to
// which Flink has no counterpart, it is Java's Arrays.hashCode over the bytes that c
// appends: 1, and then for each byte, as a signed number, 31 times the hash so far plus
// the byte.
//
// In Java 0.0 and -0.0 differ, and in Go they are equal: the two float keys, or keys with
// such a field, may be in two key groups.
//
// A key must be equal to itself after a restore. Refused are a time.Time (it loses its
// location, and Go's == compares that), pointers, and structs with fields that are left
// out.
//
// If c cannot encode a key, and the hash code is computed from the encoding, the function
// panics with the error.
func HashOf[K comparable](c Codec[K]) (func(K) int32, error) {
	t := reflect.TypeFor[K]()
	switch s := c.Serializer(); s.(type) {
	case *flink.AvroStruct:
		if err := checkKey(t, t, ""); err != nil {
			return nil, err
		}
		return encodedHash(c), nil
	case flink.Custom:
		return encodedHash(c), nil
	default:
		if hash := javaHash[K](t.Kind(), s); hash != nil {
			return hash, nil
		}
		if avrogo.IsTime(t) {
			return nil, keyError(t, t, "", "loses its location in a checkpoint, and is not equal to itself then: use t.UnixNano()")
		}
		return nil, fmt.Errorf("%s cannot be a key: it is written as %s, for which there is no hash code", t, s.TypeName())
	}
}

// javaHash returns Java's hashCode for values of a kind that s writes, or nil.
func javaHash[K comparable](kind reflect.Kind, s flink.Serializer) func(K) int32 {
	if hash, ok := any(flink.JavaStringHash).(func(K) int32); ok && s == flink.String {
		return hash // the commonest type of key: without another call around it
	}
	switch {
	case kind == reflect.String && s == flink.String:
		return func(k K) int32 { return flink.JavaStringHash(view[string](k)) }
	case kind == reflect.Int64 && s == flink.Long:
		return func(k K) int32 { return flink.JavaLongHash(view[int64](k)) }
	case kind == reflect.Int && s == flink.Long:
		return func(k K) int32 { return flink.JavaLongHash(int64(view[int](k))) }
	case kind == reflect.Int32 && s == flink.Int:
		return func(k K) int32 { return flink.JavaIntHash(view[int32](k)) }
	case kind == reflect.Int16 && s == flink.Short:
		return func(k K) int32 { return flink.JavaIntHash(int32(view[int16](k))) }
	case kind == reflect.Int8 && s == flink.Byte:
		return func(k K) int32 { return flink.JavaIntHash(int32(view[int8](k))) }
	case kind == reflect.Bool && s == flink.Bool:
		return func(k K) int32 { return flink.JavaBoolHash(view[bool](k)) }
	case kind == reflect.Float64 && s == flink.Double:
		return func(k K) int32 { return flink.JavaDoubleHash(view[float64](k)) }
	case kind == reflect.Float32 && s == flink.Float:
		return func(k K) int32 { return flink.JavaFloatHash(view[float32](k)) }
	default:
		return nil
	}
}

// encodedHash returns the function that hashes what c appends.
func encodedHash[K comparable](c Codec[K]) func(K) int32 {
	buffers := sync.Pool{New: func() any { return new([]byte) }}
	return func(k K) int32 {
		buffer := buffers.Get().(*[]byte)
		b, err := c.Append((*buffer)[:0], k)
		if err != nil {
			panic(fmt.Errorf("hash key %v: %w", k, err))
		}
		h := flink.JavaBytesHash(b)
		*buffer = b
		buffers.Put(buffer)
		return h
	}
}

// checkKey returns nil if a key t is the same key after a restore. It is at path in a key of
// type root.
func checkKey(root, t reflect.Type, path string) error {
	switch {
	case avrogo.IsTime(t):
		return keyError(root, t, path, "loses its location in a checkpoint, and is not equal to itself then: use int64")
	case t.Kind() == reflect.Pointer:
		return keyError(root, t, path, "points to another place after a restore, and is not equal to itself then: use what it points to")
	case t.Kind() == reflect.Array:
		return checkKey(root, t.Elem(), path+"[]")
	case t.Kind() != reflect.Struct || t.PkgPath() == "net/netip":
		return nil
	case avrogo.IsOpaque(t):
		if refers(t) {
			return keyError(root, t, path, "has pointers in hidden fields, and may not be equal to itself after a restore: use its text")
		}
		return nil
	}
	for i := range t.NumField() {
		f := t.Field(i)
		at := path + "." + f.Name
		if f.Name == "_" {
			continue
		}
		if f.Tag.Get("avro") == "-" {
			return keyError(root, f.Type, at, "is left out of a checkpoint, and keys that differ in it would be one: leave it out of the key")
		}
		if err := checkKey(root, f.Type, at); err != nil {
			return err
		}
	}
	return nil
}

// refers reports whether what Go compares of a struct is where something is.
func refers(t reflect.Type) bool {
	switch t.Kind() {
	case reflect.Pointer, reflect.Interface, reflect.Chan, reflect.UnsafePointer:
		return true
	case reflect.Array:
		return refers(t.Elem())
	case reflect.Struct:
		for i := range t.NumField() {
			if refers(t.Field(i).Type) {
				return true
			}
		}
	}
	return false
}

func keyError(root, part reflect.Type, path, why string) error {
	if path == "" {
		return fmt.Errorf("%s cannot be a key: it %s", root, why)
	}
	return fmt.Errorf("%s cannot be a key: %s%s, of type %s, %s", root, avrogo.RootName(root), path, part, why)
}
