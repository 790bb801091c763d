package main

import (
	"encoding/json"

	"github.com/weirstream/weir/checkpoint"
	"github.com/weirstream/weir/internal/inspect"
)

// The lines that diff writes for programs. docs/cli-json.md is their contract.
type (
	diffLine struct {
		Type string    `json:"message_type"` // "diff"
		A    diffField `json:"a"`
		B    diffField `json:"b"`
	}

	diffField struct {
		Path    string        `json:"path"`
		Job     *string       `json:"job"`
		JobName string        `json:"job_name,omitempty"`
		ID      checkpoint.ID `json:"id"`
		Sealed  bool          `json:"sealed"`
	}

	operatorDiffLine struct {
		Type            string         `json:"message_type"` // "operator"
		Operator        string         `json:"operator"`
		Name            string         `json:"name,omitempty"`
		UID             string         `json:"uid,omitempty"`
		Kind            string         `json:"kind,omitempty"`
		Change          inspect.Change `json:"change"`
		MaxParallelismA *int           `json:"max_parallelism_a"`
		MaxParallelismB *int           `json:"max_parallelism_b"`
		FinishedA       *bool          `json:"finished_a"`
		FinishedB       *bool          `json:"finished_b"`
	}

	stateDiffLine struct {
		Type     string         `json:"message_type"` // "state"
		Operator string         `json:"operator"`
		State    string         `json:"state"`
		Family   inspect.Family `json:"family"`
		Change   inspect.Change `json:"change"`
		A        *typeField     `json:"a"`
		B        *typeField     `json:"b"`
		Retyped  []string       `json:"retyped"`
		Added    int64          `json:"added"`
		Removed  int64          `json:"removed"`
		Changed  int64          `json:"changed"`
		Same     int64          `json:"same"`
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
		Family    inspect.Family  `json:"family"`
		Change    inspect.Change  `json:"change"`
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
	if err := writeJSON(d.t.out, diffLine{"diff", diffFieldOf(d.A), diffFieldOf(d.B)}); err != nil {
		return err
	}
	for _, op := range d.Operators {
		if err := d.jsonOperator(op); err != nil {
			return err
		}
	}
	return writeJSON(d.t.out, d.summary())
}

func diffFieldOf(c *inspect.Checkpoint) diffField {
	return diffField{Path: c.Shown, Job: idText(c.Job), JobName: c.Names.Job, ID: c.ID, Sealed: c.Seal != nil}
}

func (d *diffing) jsonOperator(op *inspect.OperatorDiff) error {
	id, label := op.ID.String(), op.Label()
	l := operatorDiffLine{Type: "operator", Operator: id, Name: label.Name, UID: label.UID, Kind: label.Kind, Change: op.Change()}
	if a := op.A; a != nil {
		l.MaxParallelismA, l.FinishedA = &a.MaxParallelism, &a.FullyFinished
	}
	if b := op.B; b != nil {
		l.MaxParallelismB, l.FinishedB = &b.MaxParallelism, &b.FullyFinished
	}
	if err := writeJSON(d.t.out, l); err != nil {
		return err
	}
	for _, st := range op.States {
		line := stateDiffLine{
			Type: "state", Operator: id, State: st.Name, Family: st.Family, Change: st.Change(),
			A: typeFieldOf(st.A), B: typeFieldOf(st.B), Retyped: []string{},
			Added: st.Added, Removed: st.Removed, Changed: st.Changed, Same: st.Same,
		}
		for _, r := range st.Retyped {
			line.Retyped = append(line.Retyped, retypeText(r))
		}
		if err := writeJSON(d.t.out, line); err != nil {
			return err
		}
	}
	for _, u := range op.Uncompared {
		if err := writeJSON(d.t.out, uncomparedLine{"not_compared", id, u.Kind.String(), unreadTexts(u.Why)}); err != nil {
			return err
		}
	}
	if !d.keys {
		return nil
	}
	_, err := d.Entries(op, d.limit, func(x inspect.Difference) error { return writeJSON(d.t.out, entryDiffLineOf(x, id)) })
	return err
}

func typeFieldOf(s *inspect.State) *typeField {
	if s == nil {
		return nil
	}
	return &typeField{Kind: s.Kind, KeyType: s.KeyName(), NamespaceType: s.Namespace, Type: s.Type}
}

func entryDiffLineOf(x inspect.Difference, operator string) entryDiffLine {
	e := x.Entry()
	l := entryDiffLine{Type: "entry", Operator: operator, State: e.State.Name, Family: e.State.Family(), Change: x.Change()}
	l.KeyGroup, l.Key, l.Namespace, l.UserKey = entryKey(e)
	if x.Old != nil {
		l.Old = inspect.JSON(x.Old.Value)
	}
	if x.New != nil {
		l.New = inspect.JSON(x.New.Value)
	}
	return l
}

// summary adds it all up.
func (d *diffing) summary() diffSummaryLine {
	s := diffSummaryLine{Type: "summary", HooksDiffer: d.HooksDiffer, ExitCode: d.exitCode()}
	for _, op := range d.Operators {
		s.Operators++
		if op.Change() != inspect.Same {
			s.OperatorsDiffering++
		}
		for _, st := range op.States {
			s.States++
			if st.Change() != inspect.Same {
				s.StatesDiffering++
			}
			s.Added += st.Added
			s.Removed += st.Removed
			s.Changed += st.Changed
			s.Same += st.Same
		}
	}
	return s
}
