package flink

import "fmt"

// A StateMeta describes one state: its name, its kind and the serializers of its parts. The
// headers of keyed and of operator state are lists of StateMetas.
type StateMeta struct {
	Name        string
	Kind        StateKind
	Options     []StateOption
	Serializers []NamedSerializer
}

// A StateOption is an option of a state by Flink's name for it.
type StateOption struct{ Key, Value string }

// A NamedSerializer is a serializer with Flink's name for its purpose.
type NamedSerializer struct {
	Key        string
	Serializer Serializer
}

// StateKind is the kind of a state, with Flink's numbers.
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
	TypeFolding     StateType = "FOLDING" // removed in Flink 1.11
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

// ReducingStateMeta describes a state of one reduced value per key.
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

// InNamespace returns m as a state that exists once per key and namespace, for example per
// window. Without it the namespace is VoidNamespace.
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

// Type returns the type of a keyed state, or "".
func (m *StateMeta) Type() StateType { return StateType(m.option(optionStateType)) }

// Namespace returns the serializer of a keyed state's namespace, or nil.
func (m *StateMeta) Namespace() Serializer { return m.serializer(serializerNamespace) }

// Key returns the serializer of a broadcast state's keys, or nil. The serializer of the keys
// of keyed state is in the header: it is the same for all states.
func (m *StateMeta) Key() Serializer { return m.serializer(serializerKey) }

// Value returns the serializer of the state's values: of the whole list or map in keyed
// state, of an element in operator state, of a timer in a queue.
func (m *StateMeta) Value() Serializer { return m.serializer(serializerValue) }

// Parts returns the serializers of an Entry's UserKey, nil if it has none, and of its Value.
func (m *StateMeta) Parts() (userKey, value Serializer) {
	if s, ok := m.Value().(*composite); ok && m.Type() == TypeMap && s.kind == mapKind {
		return s.nested[0], s.nested[1]
	}
	return nil, m.Value()
}

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
