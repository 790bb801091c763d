package codec

import (
	"fmt"
	"math"
	"reflect"
	"unsafe"

	"github.com/weirstream/weir/flink"
	"github.com/weirstream/weir/internal/codec/entries"
)

// erasedMap is mapCodec for a type of maps that is known by reflection only. The entries
// of a map cannot be pointed to: they are copied to where they can.
type erasedMap struct {
	typ        reflect.Type // of the map
	key, value erased
	entries    flink.Serializer
}

func (m *erasedMap) serializer() flink.Serializer { return m.entries }

func (m *erasedMap) append(dst []byte, p unsafe.Pointer) ([]byte, error) {
	v := reflect.NewAt(m.typ, p).Elem()
	if v.Len() > math.MaxInt32 {
		return dst, tooMany(v.Len())
	}
	es := entries.New()
	defer es.Release()
	key, value := reflect.New(m.typ.Key()), reflect.New(m.typ.Elem())
	out := flink.AppendI32(dst, int32(v.Len()))
	for i := v.MapRange(); i.Next(); {
		key.Elem().SetIterKey(i)
		value.Elem().SetIterValue(i)
		start, err := len(out), error(nil)
		if out, err = m.key.append(out, key.UnsafePointer()); err != nil {
			return dst, fmt.Errorf("key %v: %w", key.Elem(), err)
		}
		out = flink.AppendBool(out, false)
		at := len(out)
		if out, err = m.value.append(out, value.UnsafePointer()); err != nil {
			return dst, fmt.Errorf("value of key %v: %w", key.Elem(), err)
		}
		es.Add(start, at, len(out))
	}
	if !es.Sort(out) {
		return dst, errSameKey
	}
	return out, nil
}

func (m *erasedMap) decode(src []byte, p unsafe.Pointer) (int, error) {
	c := flink.NewCursor(src)
	n, at := c.Count("map entries", minSize(m.key.serializer())+1), c.Offset()
	if err := c.Err(); err != nil {
		return 0, err
	}
	v := reflect.MakeMapWithSize(m.typ, min(n, entriesAhead))
	key, value := reflect.New(m.typ.Key()), reflect.New(m.typ.Elem())
	for i := range n {
		key.Elem().SetZero()
		value.Elem().SetZero()
		keyAt := at
		size, err := m.key.decode(src[at:], key.UnsafePointer())
		if err != nil {
			return 0, within(at, err)
		}
		at += size
		if err := decodeNotNull(src, &at); err != nil {
			return 0, err
		}
		if size, err = m.value.decode(src[at:], value.UnsafePointer()); err != nil {
			return 0, within(at, err)
		}
		at += size
		if v.SetMapIndex(key.Elem(), value.Elem()); v.Len() != i+1 {
			return 0, keyTwice(keyAt)
		}
	}
	reflect.NewAt(m.typ, p).Elem().Set(v)
	return at, nil
}
