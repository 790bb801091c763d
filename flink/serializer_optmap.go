package flink

// An optional map is Flink's form for classes that may not exist any more: names, each with
// a key and a value that may be missing (Flink: LinkedOptionalMapSerializer).
//
//	i64  0x000004F2C69A3D70
//	i32  n
//	n ×  utf name ; bool hasKey ; [bytes32 key] ; bool hasValue ; [bytes32 value]
const optMapMagic = 0x000004F2C69A3D70

// optMapEntryMinSize is the least number of bytes of an entry: a name's length, two flags.
const optMapEntryMinSize = 2 + 1 + 1

type optMapEntry struct {
	name       string
	key, value []byte // nil if missing
}

// optMap reads an optional map.
func (c *Cursor) optMap() []optMapEntry {
	if m := c.I64(); m != optMapMagic {
		c.Failf("magic number of a map is %#x, want %#x", uint64(m), int64(optMapMagic))
	}
	n := c.Count("map entries", optMapEntryMinSize)
	entries := make([]optMapEntry, 0, min(n, elementsAhead))
	for range n {
		entries = append(entries, optMapEntry{name: c.UTF(), key: c.optFrame(), value: c.optFrame()})
		if c.err != nil {
			return nil
		}
	}
	return entries
}

// optFrame reads bytes that may be missing. It returns a copy, which is nil only if they
// are missing.
func (c *Cursor) optFrame() []byte {
	if !c.Bool() {
		return nil
	}
	return append([]byte{}, c.Bytes32()...)
}

func appendOptMap(dst []byte, entries []optMapEntry) ([]byte, error) {
	dst = AppendI64(dst, optMapMagic)
	dst = AppendI32(dst, int32(len(entries)))
	for _, e := range entries {
		var err error
		if dst, err = AppendUTF(dst, e.name); err != nil {
			return dst, err
		}
		dst = appendOptFrame(dst, e.key)
		dst = appendOptFrame(dst, e.value)
	}
	return dst, nil
}

func appendOptFrame(dst, frame []byte) []byte {
	dst = AppendBool(dst, frame != nil)
	if frame != nil {
		dst = AppendBytes32(dst, frame)
	}
	return dst
}
