package codec

import (
	"errors"
	"fmt"
	"math"

	"github.com/weirstream/weir/flink"
	"github.com/weirstream/weir/internal/codec/entries"
)

// A map is the number of its entries, 32 bits, and the entries: the key, a byte that says
// whether the value is null, the value; as in Flink's MapSerializer. Go has no null and
// never writes one.

// MapOf returns the codec of a map whose keys and values have the given codecs.
func MapOf[K comparable, V any](key Codec[K], value Codec[V]) Codec[map[K]V] {
	k, v := key.Serializer(), value.Serializer()
	return &mapCodec[K, V]{key, value, flink.MapOf(k, v), minSize(k) + 1}
}

type mapCodec[K comparable, V any] struct {
	key        Codec[K]
	value      Codec[V]
	serializer flink.Serializer
	minSize    int // of an entry, whose value Flink may have left out as null
}

func (m *mapCodec[K, V]) Serializer() flink.Serializer { return m.serializer }

func (m *mapCodec[K, V]) Append(dst []byte, v map[K]V) ([]byte, error) {
	if len(v) > math.MaxInt32 {
		return dst, tooMany(len(v))
	}
	es := entries.New()
	defer es.Release()
	out := flink.AppendI32(dst, int32(len(v)))
	for key, value := range v {
		start, err := len(out), error(nil)
		if out, err = m.key.Append(out, key); err != nil {
			return dst, fmt.Errorf("key %v: %w", key, err)
		}
		out = flink.AppendBool(out, false)
		at := len(out)
		if out, err = m.value.Append(out, value); err != nil {
			return dst, fmt.Errorf("value of key %v: %w", key, err)
		}
		es.Add(start, at, len(out))
	}
	if !es.Sort(out) {
		return dst, errSameKey
	}
	return out, nil
}

func (m *mapCodec[K, V]) Decode(src []byte) (map[K]V, int, error) {
	c := flink.NewCursor(src)
	n, at := c.Count("map entries", m.minSize), c.Offset()
	if err := c.Err(); err != nil {
		return nil, 0, err
	}
	v := make(map[K]V, min(n, entriesAhead))
	for i := range n {
		keyAt := at
		key, size, err := m.key.Decode(src[at:])
		if err != nil {
			return nil, 0, within(at, err)
		}
		at += size
		if err := decodeNotNull(src, &at); err != nil {
			return nil, 0, err
		}
		value, size, err := m.value.Decode(src[at:])
		if err != nil {
			return nil, 0, within(at, err)
		}
		at += size
		if v[key] = value; len(v) != i+1 {
			return nil, 0, keyTwice(keyAt)
		}
	}
	return v, at, nil
}

// entriesAhead is how many entries a map has room for before the first is decoded.
const entriesAhead = 256

// errSameKey says that a map cannot be written because it could not be read again: one
// point in time in two time zones is two keys in Go and one Instant.
var errSameKey = errors.New("two keys of a map have the same encoding, and one would be gone after a restore")

// keyTwice says that a map cannot be read because entries would get lost: in Java 0.0 and
// -0.0 are two keys, and in Go they are one.
func keyTwice(at int) error {
	return &flink.FormatError{Offset: int64(at), What: "a key comes twice in a map"}
}

// decodeNotNull reads the byte between a key and its value.
func decodeNotNull(src []byte, at *int) error {
	c := flink.NewCursor(src[*at:])
	null := c.Bool()
	switch {
	case c.Err() != nil:
		return within(*at, c.Err())
	case null:
		return within(*at, errNull("map value"))
	}
	*at++
	return nil
}
