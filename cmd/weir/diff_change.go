package main

import (
	"fmt"

	"github.com/weirstream/weir/flink"
)

// A change is what became of an operator, a state or an entry from A to B. The words are
// a contract: docs/cli-json.md.
type change string

const (
	same    change = "same"
	added   change = "added"
	removed change = "removed"
	changed change = "changed"
)

func (c change) tint() tint {
	switch c {
	case added:
		return green
	case removed:
		return red
	case changed:
		return yellow
	}
	return plain
}

// sign stands in front of an entry.
func (c change) sign() string {
	return map[change]string{same: " ", added: "+", removed: "-", changed: "~"}[c]
}

// change is what became of the operator.
func (op *operatorDiff) change() change {
	switch {
	case op.a.op == nil:
		return added
	case op.b.op == nil:
		return removed
	}
	if op.regrouped() || op.a.op.FullyFinished != op.b.op.FullyFinished {
		return changed
	}
	for _, st := range op.states {
		if st.change() != same {
			return changed
		}
	}
	return same
}

func (op *operatorDiff) differs() bool { return op.change() != same }

// label is what the operator is called in either checkpoint.
func (op *operatorDiff) label() label {
	var l label
	for _, s := range []*side{op.a, op.b} {
		if s.op != nil {
			l = label{name: orElse(s.op.name, l.name), uid: orElse(s.op.uid, l.uid)}
		}
	}
	return l
}

func orElse(s, other string) string {
	if s != "" {
		return s
	}
	return other
}

// change is what became of the state.
func (st *stateDiff) change() change {
	switch {
	case st.a == nil:
		return added
	case st.b == nil:
		return removed
	case st.differing() > 0 || len(st.retyped) > 0:
		return changed
	}
	return same
}

// info is the state where it is, in B if it is in both.
func (st *stateDiff) info() *stateInfo {
	if st.b != nil {
		return st.b
	}
	return st.a
}

// retyped says what of the types of a state has changed.
func retyped(a, b *stateInfo) []string {
	if a == nil || b == nil {
		return nil
	}
	var list []string
	note := func(what, was, is string, differ bool) {
		switch {
		case was != is:
			list = append(list, fmt.Sprintf("%s: %s → %s", what, orDash(was), orDash(is)))
		case differ:
			list = append(list, fmt.Sprintf("%s: %s → %s, described in another way", what, orDash(was), orDash(is)))
		}
	}
	note("kind", a.Kind, b.Kind, false)
	note("key", a.keyName(), b.keyName(), differ(a.key, b.key))
	if a.meta != nil && b.meta != nil {
		note("namespace", a.Namespace, b.Namespace, differ(a.meta.Namespace(), b.meta.Namespace()))
		note("type", a.Type, b.Type, differ(a.meta.Value(), b.meta.Value()))
	}
	return list
}

func (s *stateInfo) keyName() string {
	if s.key == nil {
		return ""
	}
	return s.key.TypeName()
}

func differ(a, b flink.Serializer) bool {
	return (a == nil) != (b == nil) || a != nil && !flink.Equal(a, b)
}

// change is what became of the entry.
func (d difference) change() change {
	switch {
	case d.old == nil:
		return added
	case d.now == nil:
		return removed
	}
	return changed
}
