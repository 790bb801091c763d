package inspect

import (
	"github.com/weirstream/weir/flink"
)

// A Change is what became of an operator, a state or an entry from A to B. The texts are a
// contract: docs/cli-json.md.
type Change string

const (
	Same    Change = "same"
	Added   Change = "added"
	Removed Change = "removed"
	Changed Change = "changed"
)

// Change returns what became of the operator.
func (op *OperatorDiff) Change() Change {
	switch {
	case op.A == nil:
		return Added
	case op.B == nil:
		return Removed
	}
	if op.Regrouped() || op.A.FullyFinished != op.B.FullyFinished {
		return Changed
	}
	for _, st := range op.States {
		if st.Change() != Same {
			return Changed
		}
	}
	return Same
}

// Label returns what the operator is called; in B, if that is not the same.
func (op *OperatorDiff) Label() Label {
	var l Label
	if op.B != nil {
		l = op.B.Label
	}
	if op.A != nil {
		l = l.orElse(op.A.Label)
	}
	return l
}

// Change returns what became of the state.
func (st *StateDiff) Change() Change {
	switch {
	case st.A == nil:
		return Added
	case st.B == nil:
		return Removed
	case st.Differing() > 0 || len(st.Retyped) > 0:
		return Changed
	}
	return Same
}

// State returns the state where it is; in B if it is in both.
func (st *StateDiff) State() *State {
	if st.B != nil {
		return st.B
	}
	return st.A
}

// A Retype is a change of a state's types.
type Retype struct {
	Part     string // "kind", "key", "namespace" or "type"
	Was, Is  string // "" for none
	SameName bool   // only the description of the type has changed
}

// retyped returns what of the types of a state has changed.
func retyped(a, b *State) []Retype {
	if a == nil || b == nil {
		return nil
	}
	var list []Retype
	note := func(part, was, is string, differ bool) {
		if was != is || differ {
			list = append(list, Retype{part, was, is, was == is})
		}
	}
	note("kind", a.Kind, b.Kind, false)
	note("key", a.KeyName(), b.KeyName(), differ(a.key, b.key))
	if a.meta != nil && b.meta != nil {
		note("namespace", a.Namespace, b.Namespace, differ(a.meta.Namespace(), b.meta.Namespace()))
		note("type", a.Type, b.Type, differ(a.meta.Value(), b.meta.Value()))
	}
	return list
}

// KeyName returns the type of the keys of keyed state and of a broadcast map, else "".
func (s *State) KeyName() string {
	if s.key == nil {
		return ""
	}
	return s.key.TypeName()
}

func differ(a, b flink.Serializer) bool {
	return (a == nil) != (b == nil) || a != nil && !flink.Equal(a, b)
}

// Change returns what became of the entry.
func (d Difference) Change() Change {
	switch {
	case d.Old == nil:
		return Added
	case d.New == nil:
		return Removed
	}
	return Changed
}
