package flink

import "github.com/weirstream/weir/checkpoint"

// narrowPrefixMax is the largest max parallelism for which the key group takes one byte
// in a composite key.
const narrowPrefixMax = 128

// A CanonicalGroup builds a key group in the canonical layout. Add the entries of one state
// after those of another, and those of a state in the order of their bytes, as RocksDB has
// them.
type CanonicalGroup struct {
	data    []byte
	state   int // of the last entry
	lastKey int // the offset of the composite key of the last entry; 0 if there is none
}

// Add adds an entry. The composite key is made with AppendCompositeKey.
func (b *CanonicalGroup) Add(state int, key, value []byte) {
	if b.lastKey == 0 {
		b.data = AppendU16(b.data, uint16(state))
	} else if state != b.state {
		b.end(uint16(state))
	}
	b.state, b.lastKey = state, len(b.data)+4
	b.data = AppendBytes32(b.data, key)
	b.data = AppendBytes32(b.data, value)
}

// Bytes ends the key group and returns it. It returns nil if nothing was added; the offset
// in the handle is 0 then.
func (b *CanonicalGroup) Bytes() []byte {
	if b.lastKey > 0 {
		b.end(endOfGroup)
	}
	return b.data
}

func (b *CanonicalGroup) end(next uint16) {
	b.data[b.lastKey] |= metaFollows
	b.data = AppendU16(b.data, next)
}

// AppendCompositeKey appends a composite key of encoded parts. In a map state the caller
// appends the user key to it. lengths must be true if neither the serializer of the key nor
// that of the namespace has a fixed length, and false otherwise. For a timer, key is the
// timer and namespace is empty.
func AppendCompositeKey(dst []byte, g checkpoint.KeyGroup, maxParallelism int, key, namespace []byte, lengths bool) []byte {
	if maxParallelism > narrowPrefixMax {
		dst = append(dst, byte(g>>8))
	}
	dst = append(dst, byte(g))
	dst = append(dst, key...)
	if lengths {
		dst = appendComposedLength(dst, len(key))
	}
	dst = append(dst, namespace...)
	if lengths {
		dst = appendComposedLength(dst, len(namespace))
	}
	return dst
}

// appendComposedLength appends a length as it is in composite keys: the least significant
// byte first, without high bytes that are zero, but at least one byte.
func appendComposedLength(dst []byte, n int) []byte {
	dst = append(dst, byte(n))
	for n >>= 8; n > 0; n >>= 8 {
		dst = append(dst, byte(n))
	}
	return dst
}
