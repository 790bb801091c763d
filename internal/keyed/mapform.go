package keyed

import (
	"errors"
	"fmt"
	"math"

	"github.com/weirstream/weir/flink"
	"github.com/weirstream/weir/internal/codec"
)

// mapForm is the form of maps of UV that are held as W. It is Flink's: the number of
// entries, 32 bits, and for each the key, a byte that says whether the value is null, and
// the value. Go has no null and never writes one. The entries are in the order of their
// encoded keys, so that equal maps have equal bytes.
type mapForm[UK comparable, UV, W any] struct {
	key    codec.Codec[UK]
	value  codec.Codec[UV]
	held   func(codec.Codec[UV]) element[W]
	keeper *keeper[pair[UK, W]]
	hash   func(UK) uint32
}

var (
	errKeyTwice = errors.New("a key of the map is there twice")
	errNull     = errors.New("a null as a value of the map, for which Go has no value")
)

func (f mapForm[UK, UV, W]) write(out *encoder, z *freeze, m **mapNode[UK, W]) error {
	node := *m
	n := node.len()
	if n > math.MaxInt32 {
		return fmt.Errorf("%d entries, and Flink's format has room for 2147483647 in a map", n)
	}
	out.buf = flink.AppendI32(out.buf, int32(n))
	value := f.held(f.value)
	appendKey := func(dst []byte, i int) ([]byte, error) {
		key := node.at(i).key
		dst, err := f.key.Append(dst, key)
		if err != nil {
			err = fmt.Errorf("key %v of the map: %w", key, err)
		}
		return dst, err
	}
	appendValue := func(dst []byte, i int) ([]byte, error) {
		p := node.at(i)
		dst, err := value.append(append(dst, 0), z, &p.value)
		if err != nil {
			err = fmt.Errorf("value of key %v of the map: %w", p.key, err)
		}
		return dst, err
	}
	return out.sorter.write(out, n, appendKey, appendValue)
}

func (f mapForm[UK, UV, W]) read(src []byte) (*mapNode[UK, W], int, error) {
	c := flink.NewCursor(src)
	n := c.Count("map entries", 1+max(1, f.key.Serializer().Length()))
	if err := c.Err(); err != nil {
		return nil, 0, err
	}
	node := &mapNode[UK, W]{epoch: f.keeper.freezer.epoch}
	value := f.held(f.value)
	for range n {
		at := c.Offset()
		key, size, err := f.key.Decode(src[at:])
		if err != nil {
			return nil, 0, fmt.Errorf("key of the map, at byte %d: %w", at, err)
		}
		c.Bytes(size)
		if c.Bool() {
			return nil, 0, fmt.Errorf("at byte %d: %w", at+size, errNull)
		}
		if err := c.Err(); err != nil {
			return nil, 0, err
		}
		v, size, err := value.read(src[c.Offset():])
		if err != nil {
			return nil, 0, fmt.Errorf("value of key %v of the map, at byte %d: %w", key, c.Offset(), err)
		}
		c.Bytes(size)
		if node.find(key, f.hash) != none {
			return nil, 0, fmt.Errorf("at byte %d: %w", at, errKeyTwice)
		}
		node.add(f.keeper, pair[UK, W]{key, v}, f.hash)
	}
	return node, c.Offset(), nil
}

func (f mapForm[UK, UV, W]) reading(was *flink.StateMeta) (form[*mapNode[UK, W]], error) {
	// The map as a whole says best what does not fit.
	if _, err := codec.Reading(codec.MapOf(f.key, f.value), was.Value()); err != nil {
		return nil, err
	}
	wasKey, wasValue := was.Parts()
	var err error
	if f.key, err = codec.Reading(f.key, wasKey); err != nil {
		return nil, err
	}
	f.value, err = codec.Reading(f.value, wasValue)
	return f, err
}
