package flink

// A KeyedHeader is the head of every keyed state stream, in every layout of the entries
// after it (the meta stream of a RocksDB snapshot has none). Flink writes it with
// KeyedBackendSerializationProxy:
//
//	i32       6                    version of the header
//	bool      compressed
//	snapshot  key serializer       top level
//	i16       n ; n × StateMeta
//
// The number of a state is its position in the list.
type KeyedHeader struct {
	Compressed bool // the entries are in snappy's framing format
	Key        Serializer
	States     []StateMeta
}

// keyedVersion is the version of the header. Flink has written no other since 1.8.
const keyedVersion = 6

// AppendTo appends the header. It returns an error if a name in it is too long or not
// UTF-8, or if there are too many states.
func (h *KeyedHeader) AppendTo(dst []byte) ([]byte, error) {
	dst = AppendI32(dst, keyedVersion)
	dst = AppendBool(dst, h.Compressed)
	dst, err := AppendSnapshotV(dst, h.Key)
	if err != nil {
		return dst, err
	}
	return appendStates(dst, h.States)
}

// DecodeKeyedHeader reads a header. It returns nil if the cursor has an error.
func DecodeKeyedHeader(c *Cursor) *KeyedHeader {
	if v := c.I32(); v != keyedVersion {
		c.Failf("version %d of a keyed state stream, want %d", v, keyedVersion)
	}
	h := &KeyedHeader{
		Compressed: c.Bool(),
		Key:        DecodeSnapshotV(c),
		States:     c.states(KindKeyValue, KindPriorityQueue, KindKeyValueV2),
	}
	if c.err != nil {
		return nil
	}
	return h
}

// StateIndex returns the number of the state with the given name and kind, or -1.
func (h *KeyedHeader) StateIndex(name string, kind StateKind) int {
	for i := range h.States {
		if h.States[i].Name == name && h.States[i].Kind == kind {
			return i
		}
	}
	return -1
}
