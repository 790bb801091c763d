package flink

// An OperatorHeader is what every stream of managed operator state begins with (Flink:
// OperatorBackendSerializationProxy, DefaultOperatorStateBackendSnapshotStrategy):
//
//	i32   6                   version of the header
//	bool  compressed          not in version 5
//	i16   n ; n × StateMeta   lists
//	i16   n ; n × StateMeta   broadcast maps
//
// The elements of the lists and then the maps follow without gaps. Where they are is
// written in the OperatorHandle only: one offset for each element of a list, one for a
// whole map.
//
//	element of a list   what its serializer writes
//	map                 i32 n ; n × (key, value)
type OperatorHeader struct {
	Compressed bool        // what follows is in snappy's framing format
	Lists      []StateMeta // of KindOperator
	Broadcasts []StateMeta // of KindBroadcast
}

// Versions of the header. Flink wrote 5 up to 1.17. What came before is refused, as it
// is by Flink: serializers were described in another way then.
const (
	operatorVersion    = 6
	operatorOldVersion = 5
)

// ListMeta describes a list in operator state.
func ListMeta(name string, mode DistributionMode, element Serializer) StateMeta {
	return StateMeta{
		Name:        name,
		Kind:        KindOperator,
		Options:     []StateOption{{optionMode, mode.String()}},
		Serializers: []NamedSerializer{{serializerValue, element}},
	}
}

// BroadcastMeta describes a broadcast map in operator state.
func BroadcastMeta(name string, key, value Serializer) StateMeta {
	return StateMeta{
		Name:        name,
		Kind:        KindBroadcast,
		Options:     []StateOption{{optionMode, ModeBroadcast.String()}},
		Serializers: []NamedSerializer{{serializerKey, key}, {serializerValue, value}},
	}
}

// AppendTo appends the header. It fails if a name in it is too long or not UTF-8, or if
// there are too many states.
func (h *OperatorHeader) AppendTo(dst []byte) ([]byte, error) {
	dst = AppendI32(dst, operatorVersion)
	dst = AppendBool(dst, h.Compressed)
	dst, err := appendStates(dst, h.Lists)
	if err != nil {
		return dst, err
	}
	return appendStates(dst, h.Broadcasts)
}

// DecodeOperatorHeader reads a header. It is nil if the cursor has an error.
func DecodeOperatorHeader(c *Cursor) *OperatorHeader {
	h := &OperatorHeader{}
	switch v := c.I32(); v {
	case operatorVersion:
		h.Compressed = c.Bool()
	case operatorOldVersion:
	default:
		c.Failf("version %d of an operator state stream, want %d or %d", v, operatorOldVersion, operatorVersion)
	}
	h.Lists = c.states(KindOperator)
	h.Broadcasts = c.states(KindBroadcast)
	if c.err != nil {
		return nil
	}
	return h
}

// state is the state that the handle's meta is about, or nil.
func (h *OperatorHeader) state(meta OperatorStateMeta) *StateMeta {
	states := h.Lists
	if meta.Mode == ModeBroadcast {
		states = h.Broadcasts
	}
	for i := range states {
		if states[i].Name == meta.Name {
			return &states[i]
		}
	}
	return nil
}
