package main

import (
	"encoding/json"

	"github.com/weirstream/weir/checkpoint"
	"github.com/weirstream/weir/flink"
)

// The lines that diff writes for programs. docs/cli-json.md is their contract.
type (
	diffLine struct {
		Type string    `json:"message_type"` // "diff"
		A    diffField `json:"a"`
		B    diffField `json:"b"`
	}

	diffField struct {
		Path   string        `json:"path"`
		Job    *string       `json:"job"`
		ID     checkpoint.ID `json:"id"`
		Sealed bool          `json:"sealed"`
	}

	operatorDiffLine struct {
		Type            string `json:"message_type"` // "operator"
		Operator        string `json:"operator"`
		Name            string `json:"name,omitempty"`
		UID             string `json:"uid,omitempty"`
		Change          change `json:"change"`
		MaxParallelismA *int   `json:"max_parallelism_a"`
		MaxParallelismB *int   `json:"max_parallelism_b"`
		FinishedA       *bool  `json:"finished_a"`
		FinishedB       *bool  `json:"finished_b"`
	}

	stateDiffLine struct {
		Type     string     `json:"message_type"` // "state"
		Operator string     `json:"operator"`
		State    string     `json:"state"`
		Family   family     `json:"family"`
		Change   change     `json:"change"`
		A        *typeField `json:"a"`
		B        *typeField `json:"b"`
		Retyped  []string   `json:"retyped"`
		Added    int64      `json:"added"`
		Removed  int64      `json:"removed"`
		Changed  int64      `json:"changed"`
		Same     int64      `json:"same"`
	}

	typeField struct {
		Kind          string `json:"kind"`
		KeyType       string `json:"key_type,omitempty"`
		NamespaceType string `json:"namespace_type,omitempty"`
		Type          string `json:"type,omitempty"`
	}

	uncomparedLine struct {
		Type     string   `json:"message_type"` // "not_compared"
		Operator string   `json:"operator"`
		Kind     string   `json:"kind"`
		Reasons  []string `json:"reasons"`
	}

	entryDiffLine struct {
		Type      string          `json:"message_type"` // "entry"
		Operator  string          `json:"operator"`
		State     string          `json:"state"`
		Family    family          `json:"family"`
		Change    change          `json:"change"`
		KeyGroup  *int            `json:"key_group,omitempty"`
		Key       json.RawMessage `json:"key,omitempty"`
		Namespace json.RawMessage `json:"namespace,omitempty"`
		UserKey   json.RawMessage `json:"user_key,omitempty"`
		Old       json.RawMessage `json:"old,omitempty"`
		New       json.RawMessage `json:"new,omitempty"`
	}

	diffSummaryLine struct {
		Type               string `json:"message_type"` // "summary"
		Operators          int    `json:"operators"`
		OperatorsDiffering int    `json:"operators_differing"`
		States             int    `json:"states"`
		StatesDiffering    int    `json:"states_differing"`
		Added              int64  `json:"added"`
		Removed            int64  `json:"removed"`
		Changed            int64  `json:"changed"`
		Same               int64  `json:"same"`
		HooksDiffer        bool   `json:"hooks_differ"`
		ExitCode           int    `json:"exit_code"`
	}
)

func (d *diffing) writeJSON() error {
	if err := writeJSON(d.t.out, diffLine{"diff", d.a.field(), d.b.field()}); err != nil {
		return err
	}
	for _, op := range d.operators {
		if err := d.jsonOperator(op); err != nil {
			return err
		}
	}
	return writeJSON(d.t.out, d.summary())
}

func (v *view) field() diffField {
	f := diffField{Path: v.shown, ID: v.c.ID, Sealed: v.c.Seal != nil}
	if v.job != nil {
		f.Job = new(v.job.String())
	}
	return f
}

func (d *diffing) jsonOperator(op *operatorDiff) error {
	id, label := op.id.String(), op.label()
	l := operatorDiffLine{Type: "operator", Operator: id, Name: label.name, UID: label.uid, Change: op.change()}
	if a := op.a.op; a != nil {
		l.MaxParallelismA, l.FinishedA = &a.MaxParallelism, &a.FullyFinished
	}
	if b := op.b.op; b != nil {
		l.MaxParallelismB, l.FinishedB = &b.MaxParallelism, &b.FullyFinished
	}
	if err := writeJSON(d.t.out, l); err != nil {
		return err
	}
	for _, st := range op.states {
		err := writeJSON(d.t.out, stateDiffLine{
			Type: "state", Operator: id, State: st.id.name, Family: st.id.family, Change: st.change(),
			A: st.a.typeField(), B: st.b.typeField(), Retyped: append([]string{}, st.retyped...),
			Added: st.added, Removed: st.removed, Changed: st.changed, Same: st.same,
		})
		if err != nil {
			return err
		}
	}
	for _, u := range op.uncompared {
		if err := writeJSON(d.t.out, uncomparedLine{"not_compared", id, u.kind.String(), u.why}); err != nil {
			return err
		}
	}
	if !d.keys {
		return nil
	}
	var err error
	d.eachEntry(op, func(x difference) error {
		err = writeJSON(d.t.out, x.line(id))
		return err
	})
	return err
}

func (s *stateInfo) typeField() *typeField {
	if s == nil {
		return nil
	}
	return &typeField{Kind: s.Kind, KeyType: s.keyName(), NamespaceType: s.Namespace, Type: s.Type}
}

func (x difference) line(operator string) entryDiffLine {
	e := x.entry()
	id := e.state.id()
	l := entryDiffLine{Type: "entry", Operator: operator, State: id.name, Family: id.family, Change: x.change()}
	of := e.line(&handle{})
	l.KeyGroup, l.Key, l.Namespace, l.UserKey = of.KeyGroup, of.Key, of.Namespace, of.UserKey
	if x.old != nil {
		l.Old = flink.AppendJSON(nil, x.old.value)
	}
	if x.now != nil {
		l.New = flink.AppendJSON(nil, x.now.value)
	}
	return l
}

// summary adds it all up.
func (d *diffing) summary() diffSummaryLine {
	s := diffSummaryLine{Type: "summary", HooksDiffer: d.hooks, ExitCode: d.exitCode()}
	for _, op := range d.operators {
		s.Operators++
		if op.differs() {
			s.OperatorsDiffering++
		}
		for _, st := range op.states {
			s.States++
			if st.change() != same {
				s.StatesDiffering++
			}
			s.Added += st.added
			s.Removed += st.removed
			s.Changed += st.changed
			s.Same += st.same
		}
	}
	return s
}
