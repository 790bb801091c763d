package flink

// An OperatorHeader is the head of every stream of managed operator state (Flink:
// OperatorBackendSerializationProxy, DefaultOperatorStateBackendSnapshotStrategy):
//
//	i32   6                   version of the header
//	bool  compressed          not in version 5
//	i16   n ; n × StateMeta   lists
//	i16   n ; n × StateMeta   broadcast maps
//
// The elements of the lists and then the maps follow without gaps. Only the OperatorHandle
// says where they are: it has one offset for each element of a list, and one for a whole
// map.
//
//	element of a list   as its serializer writes it
//	map                 i32 n ; n × (key, value)
type OperatorHeader struct {
	Compressed bool        // the elements are in snappy's framing format
	Lists      []StateMeta // of KindOperator
	Broadcasts []StateMeta // of KindBroadcast
}

// Versions of the header. Flink wrote 5 up to 1.17. Older versions are refused, as Flink
// does: they describe serializers in another way.
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

// AppendTo appends the header. It returns an error if a name in it is too long or not
// UTF-8, or if there are too many states.
func (h *OperatorHeader) AppendTo(dst []byte) ([]byte, error) {
	dst = AppendI32(dst, operatorVersion)
	dst = AppendBool(dst, h.Compressed)
	dst, err := appendStates(dst, h.Lists)
	if err != nil {
		return dst, err
	}
	return appendStates(dst, h.Broadcasts)
}

// DecodeOperatorHeader reads a header. It returns nil if the cursor has an error.
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

// state returns the state that the handle's meta is about, or nil.
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
