package flink

import (
	"fmt"
	"math"
	"slices"
)

// A StateMeta as it is written (Flink: StateMetaInfoSnapshotReadersWriters):
//
//	utf  name
//	i32  kind
//	i32  n ; n × (utf key, utf value)              options
//	i32  n ; n × (utf key, snapshot, top level)    serializers

// check returns an error if m lacks something that a state of its kind needs.
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

// stateMetaMinSize is the least number of bytes that a StateMeta takes.
const stateMetaMinSize = 2 + 4 + 4 + 4

// appendStates appends a 16-bit number of states and the states.
func appendStates(dst []byte, states []StateMeta) ([]byte, error) {
	if len(states) > maxStates {
		return dst, fmt.Errorf("%d states, and the limit is %d", len(states), maxStates)
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

// states reads what appendStates writes. Each state must be of one of the given kinds.
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
