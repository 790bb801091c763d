package flink

import (
	"fmt"
	"math"
	"slices"
)

// A StateMeta says of one state what it is called, what kind it is and how its parts
// are laid out. The headers of keyed and of operator state are lists of them:
//
//	utf  name
//	i32  kind
//	i32  n ; n × (utf key, utf value)              options
//	i32  n ; n × (utf key, snapshot, top level)    serializers
type StateMeta struct {
	Name        string
	Kind        StateKind
	Options     []StateOption
	Serializers []NamedSerializer
}

// A StateOption is an option of a state by Flink's name for it.
type StateOption struct{ Key, Value string }

// A NamedSerializer is a serializer by Flink's name for what it is there for.
type NamedSerializer struct {
	Key        string
	Serializer Serializer
}

// StateKind is what the state of a StateMeta is, as Flink numbers it.
type StateKind int32

const (
	KindKeyValue      StateKind = iota // keyed state of any StateType
	KindOperator                       // a list in operator state
	KindBroadcast                      // a broadcast map in operator state
	KindPriorityQueue                  // a queue of timers in keyed state
	KindKeyValueV2                     // keyed state of Flink's asynchronous backends
	kindEnd
)

func (k StateKind) String() string {
	names := [...]string{"keyed state", "operator state", "broadcast state", "queue", "keyed state V2"}
	if k < 0 || k >= kindEnd {
		return fmt.Sprintf("kind %d", int32(k))
	}
	return names[k]
}

// StateType is the type of a state of KindKeyValue, in Flink's words.
type StateType string

const (
	TypeValue       StateType = "VALUE"
	TypeList        StateType = "LIST"
	TypeMap         StateType = "MAP"
	TypeReducing    StateType = "REDUCING"
	TypeAggregating StateType = "AGGREGATING"
	TypeFolding     StateType = "FOLDING" // Flink has had none since 1.11
)

// Flink's names of options and serializers.
const (
	optionStateType = "KEYED_STATE_TYPE"
	optionMode      = "OPERATOR_STATE_DISTRIBUTION_MODE"

	serializerNamespace = "NAMESPACE_SERIALIZER"
	serializerKey       = "KEY_SERIALIZER"
	serializerValue     = "VALUE_SERIALIZER"
)

// ValueStateMeta describes a state of one value per key.
func ValueStateMeta(name string, value Serializer) StateMeta {
	return keyValueMeta(name, TypeValue, value)
}

// ListStateMeta describes a state of a list per key.
func ListStateMeta(name string, element Serializer) StateMeta {
	return keyValueMeta(name, TypeList, ListOf(element))
}

// MapStateMeta describes a state of a map per key.
func MapStateMeta(name string, userKey, userValue Serializer) StateMeta {
	return keyValueMeta(name, TypeMap, MapOf(userKey, userValue))
}

// ReducingStateMeta describes a state of what has been reduced to one value per key.
func ReducingStateMeta(name string, value Serializer) StateMeta {
	return keyValueMeta(name, TypeReducing, value)
}

// AggregatingStateMeta describes a state of one accumulator per key.
func AggregatingStateMeta(name string, accumulator Serializer) StateMeta {
	return keyValueMeta(name, TypeAggregating, accumulator)
}

func keyValueMeta(name string, t StateType, value Serializer) StateMeta {
	return StateMeta{
		Name:        name,
		Kind:        KindKeyValue,
		Options:     []StateOption{{optionStateType, string(t)}},
		Serializers: []NamedSerializer{{serializerNamespace, VoidNamespace}, {serializerValue, value}},
	}
}

// InNamespace is m as a state that exists once per key and namespace: per window,
// say. Without it the namespace is VoidNamespace.
func (m StateMeta) InNamespace(namespace Serializer) StateMeta {
	serializers := append([]NamedSerializer(nil), m.Serializers...)
	for i := range serializers {
		if serializers[i].Key == serializerNamespace {
			serializers[i].Serializer = namespace
		}
	}
	m.Serializers = serializers
	return m
}

// TimerQueueMeta describes one of the two queues of a timer service. They are named
// "_timer_state/event_" and "_timer_state/processing_" and the service's name.
func TimerQueueMeta(name string, key, namespace Serializer) StateMeta {
	return StateMeta{
		Name:        name,
		Kind:        KindPriorityQueue,
		Serializers: []NamedSerializer{{serializerValue, Timer(key, namespace)}},
	}
}

// Type is the type of a keyed state, or "".
func (m *StateMeta) Type() StateType { return StateType(m.option(optionStateType)) }

// Namespace is the serializer of a keyed state's namespace, or nil.
func (m *StateMeta) Namespace() Serializer { return m.serializer(serializerNamespace) }

// Key is the serializer of a broadcast state's keys, or nil. That of keyed state is in
// the header, as it is the same for all states.
func (m *StateMeta) Key() Serializer { return m.serializer(serializerKey) }

// Value is the serializer of the state's values: of the whole list or map where there
// is one per key, of an element in operator state, of a timer in a queue.
func (m *StateMeta) Value() Serializer { return m.serializer(serializerValue) }

func (m *StateMeta) option(key string) string {
	for _, o := range m.Options {
		if o.Key == key {
			return o.Value
		}
	}
	return ""
}

func (m *StateMeta) serializer(key string) Serializer {
	for _, s := range m.Serializers {
		if s.Key == key {
			return s.Serializer
		}
	}
	return nil
}

// check says what a state of this kind needs and m has not.
func (m *StateMeta) check() error {
	missing := func(key string) error { return fmt.Errorf("%s %q has no %s", m.Kind, m.Name, key) }
	if m.Value() == nil {
		return missing(serializerValue)
	}
	if m.Kind == KindBroadcast && m.Key() == nil {
		return missing(serializerKey)
	}
	if m.Kind != KindKeyValue {
		return nil
	}
	if m.Namespace() == nil {
		return missing(serializerNamespace)
	}
	shape := map[StateType]*compositeKind{TypeList: listKind, TypeMap: mapKind}[m.Type()]
	if value, ok := m.Value().(*composite); shape != nil && (!ok || value.kind != shape) {
		return fmt.Errorf("%s %q is of type %s, but its values are of type %s", m.Kind, m.Name, m.Type(), m.Value().TypeName())
	}
	return nil
}

// maxStates is the most states that a header can have.
const maxStates = math.MaxInt16

// stateMetaMinSize is the least that a StateMeta takes.
const stateMetaMinSize = 2 + 4 + 4 + 4

// appendStates appends a 16-bit number of states and the states.
func appendStates(dst []byte, states []StateMeta) ([]byte, error) {
	if len(states) > maxStates {
		return dst, fmt.Errorf("%d states, more than the %d there can be", len(states), maxStates)
	}
	dst = AppendI16(dst, int16(len(states)))
	for i := range states {
		var err error
		if dst, err = states[i].appendTo(dst); err != nil {
			return dst, fmt.Errorf("state %q: %w", states[i].Name, err)
		}
	}
	return dst, nil
}

func (m *StateMeta) appendTo(dst []byte) ([]byte, error) {
	dst, err := AppendUTF(dst, m.Name)
	if err != nil {
		return dst, err
	}
	dst = AppendI32(dst, int32(m.Kind))
	dst = AppendI32(dst, int32(len(m.Options)))
	for _, o := range m.Options {
		if dst, err = AppendUTF(dst, o.Key); err != nil {
			return dst, err
		}
		if dst, err = AppendUTF(dst, o.Value); err != nil {
			return dst, err
		}
	}
	dst = AppendI32(dst, int32(len(m.Serializers)))
	for _, s := range m.Serializers {
		if dst, err = AppendUTF(dst, s.Key); err != nil {
			return dst, err
		}
		if dst, err = AppendSnapshotV(dst, s.Serializer); err != nil {
			return dst, err
		}
	}
	return dst, nil
}

// states reads what appendStates writes, all of one of the given kinds.
func (c *Cursor) states(kinds ...StateKind) []StateMeta {
	n := int(c.I16())
	if n < 0 || n*stateMetaMinSize > c.Remaining() {
		c.Failf("%d states cannot be in the %d bytes that are left", n, c.Remaining())
	}
	if c.err != nil {
		return nil
	}
	states := make([]StateMeta, n)
	for i := range states {
		at := c.off
		states[i].decode(c)
		if c.err != nil {
			c.err = fmt.Errorf("state %q: %w", states[i].Name, c.err)
			return nil
		}
		if !slices.Contains(kinds, states[i].Kind) {
			c.off = at
			c.Failf("%s %q is out of place here", states[i].Kind, states[i].Name)
			return nil
		}
	}
	return states
}

func (m *StateMeta) decode(c *Cursor) {
	m.Name = c.UTF()
	m.Kind = StateKind(c.I32())
	for range c.Count("state options", 2+2) {
		m.Options = append(m.Options, StateOption{Key: c.UTF(), Value: c.UTF()})
	}
	for range c.Count("state serializers", 2+4+snapshotMinSize) {
		m.Serializers = append(m.Serializers, NamedSerializer{Key: c.UTF(), Serializer: DecodeSnapshotV(c)})
		if c.err != nil {
			return
		}
	}
	if c.err != nil {
		return
	}
	if err := m.check(); err != nil {
		c.Failf("%v", err)
	}
}
