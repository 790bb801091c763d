package flink

import (
	"fmt"
	"strconv"
)

// JavaHash returns the hashCode of a key that was decoded with the given serializer. ok is
// false if this package does not know the hashCode of the key's type. It knows those of
// strings, numbers, booleans, and tuples of them.
func JavaHash(key Serializer, v Value) (hash int32, ok bool) {
	if s, isComposite := key.(*composite); isComposite {
		fields, isTuple := v.([]Value)
		if s.kind != tupleKind || !isTuple || len(fields) != len(s.nested) {
			return 0, false
		}
		hashes := make([]int32, len(fields))
		for i, f := range fields {
			if hashes[i], ok = JavaHash(s.nested[i], f); !ok && f != nil {
				return 0, false
			}
		}
		return JavaTupleHash(hashes[0], hashes[1:]...), true
	}
	switch v := v.(type) {
	case string:
		switch key {
		case String:
			return JavaStringHash(v), true
		case Char:
			if units := appendUnits(nil, v); len(units) == 1 {
				return JavaIntHash(int32(units[0])), true
			}
		}
	case bool:
		return JavaBoolHash(v), key == Bool
	case int64:
		return JavaLongHash(v), key == Long
	case int32:
		return JavaIntHash(v), key == Int
	case int16:
		return JavaIntHash(int32(v)), key == Short
	case int8:
		return JavaIntHash(int32(v)), key == Byte
	case float64:
		return JavaDoubleHash(v), key == Double
	case float32:
		return JavaFloatHash(v), key == Float
	}
	return 0, false
}

// CheckKeyGroup returns an error if e is not in the key group that its key belongs to. Such
// a key would be restored without an error and never found again. CheckKeyGroup returns nil,
// too, if the hash of the key is not known; see JavaHash. For types that only Weir has, the
// hash is that of the key's bytes.
func CheckKeyGroup(key Serializer, e Entry, maxParallelism int) error {
	hash, ok := JavaHash(key, e.Key)
	switch key.(type) {
	case *AvroStruct, Custom:
		hash, ok = JavaBytesHash(e.KeyBytes), e.KeyBytes != nil
	}
	if !ok {
		return nil
	}
	if want := KeyGroupOf(hash, maxParallelism); want != e.Group {
		return &EntryError{State: e.State.Name, Number: e.Number, Offset: e.Offset, Err: fmt.Errorf(
			"key %s is in key group %d, but belongs to %d of %d", shortJSON(e.Key), e.Group, want, maxParallelism)}
	}
	return nil
}

// shortJSON returns the beginning of v as JSON. A key that was read wrong may be very long. A
// text is a Go string literal, which has every byte of it.
func shortJSON(v Value) string {
	const most = 100
	text := []rune(string(AppendJSON(nil, v)))
	if s, ok := v.(string); ok {
		text = []rune(strconv.Quote(s))
	}
	if len(text) <= most {
		return string(text)
	}
	return string(text[:most]) + "…"
}
