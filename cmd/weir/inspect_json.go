package main

import (
	"encoding/json"

	"github.com/weirstream/weir/checkpoint"
	"github.com/weirstream/weir/internal/inspect"
)

// The lines that inspect writes for programs. docs/cli-json.md is their contract.
type (
	inspectLine struct {
		Type            string        `json:"message_type"` // "checkpoint"
		Path            string        `json:"path"`
		Job             *string       `json:"job"`
		JobName         string        `json:"job_name,omitempty"`
		ID              checkpoint.ID `json:"id"`
		MetadataVersion int32         `json:"metadata_version"`
		FlinkSince      *string       `json:"flink_since"`
		Sealed          bool          `json:"sealed"`
		Incarnation     *int64        `json:"incarnation"`
		Operators       int           `json:"operators"`
		MasterStates    int           `json:"master_states"`
		Outside         int           `json:"outside"`
	}

	operatorLine struct {
		Type           string `json:"message_type"` // "operator"
		Operator       string `json:"operator"`
		Name           string `json:"name,omitempty"`
		UID            string `json:"uid,omitempty"`
		Kind           string `json:"kind,omitempty"`
		Parallelism    int    `json:"parallelism"`
		MaxParallelism int    `json:"max_parallelism"`
		Finished       bool   `json:"finished"`
		Subtasks       int    `json:"subtasks"`
	}

	handleLine struct {
		Type       string          `json:"message_type"` // "handle"
		Operator   string          `json:"operator"`
		Subtask    *int            `json:"subtask"`
		Kind       string          `json:"kind"`
		Handle     string          `json:"handle"`
		Layout     string          `json:"layout,omitempty"`
		Compressed bool            `json:"compressed"`
		KeyGroups  *keyGroupsField `json:"key_groups"`
		Where      inspect.Where   `json:"where"`
		File       string          `json:"file,omitempty"`
		Files      int             `json:"files"`
		Outside    int             `json:"outside"`
		Bytes      int64           `json:"bytes"`
		KeyType    string          `json:"key_type,omitempty"`
		States     []stateField    `json:"states"`
		Unread     []string        `json:"unread"`
		Problem    string          `json:"problem,omitempty"`
		Failure    string          `json:"failure,omitempty"`
	}

	keyGroupsField struct {
		First int `json:"first"`
		Last  int `json:"last"`
	}

	stateField struct {
		Name          string `json:"name"`
		Kind          string `json:"kind"`
		KeyType       string `json:"key_type,omitempty"`
		NamespaceType string `json:"namespace_type,omitempty"`
		Type          string `json:"type,omitempty"`
		WeirOnly      bool   `json:"weir_only"`
		Entries       *int64 `json:"entries"`
	}

	entryLine struct {
		Type      string          `json:"message_type"` // "entry"
		Operator  string          `json:"operator"`
		Subtask   int             `json:"subtask"`
		State     string          `json:"state"`
		Kind      string          `json:"kind"`
		KeyGroup  *int            `json:"key_group,omitempty"`
		Key       json.RawMessage `json:"key,omitempty"`
		Namespace json.RawMessage `json:"namespace,omitempty"`
		UserKey   json.RawMessage `json:"user_key,omitempty"`
		Value     json.RawMessage `json:"value"`
	}
)

func (in *inspection) writeJSON() error {
	m := in.Meta
	l := inspectLine{
		Type: "checkpoint", Path: in.Shown, Job: idText(in.Job), JobName: in.Names.Job, ID: in.ID, MetadataVersion: m.Version, Sealed: in.Seal != nil,
		Operators: len(m.Operators), MasterStates: len(m.MasterStates), Outside: len(inspect.OutsideFiles(m)),
	}
	if first := inspect.FlinkSince(m); first > 0 {
		l.FlinkSince = new(first.String())
	}
	if in.Seal != nil {
		l.Incarnation = new(int64(in.Seal.Incarnation))
	}
	if err := writeJSON(in.t.out, l); err != nil {
		return err
	}
	for _, op := range in.Operators {
		if err := in.jsonOperator(op); err != nil {
			return err
		}
	}
	return nil
}

func (in *inspection) jsonOperator(op *inspect.Operator) error {
	err := writeJSON(in.t.out, operatorLine{
		Type: "operator", Operator: op.ID.String(), Name: op.Label.Name, UID: op.Label.UID, Kind: op.Label.Kind,
		Parallelism: op.Parallelism, MaxParallelism: op.MaxParallelism, Finished: op.FullyFinished, Subtasks: len(op.Subtasks),
	})
	if err != nil {
		return err
	}
	for _, h := range op.Handles {
		if err := writeJSON(in.t.out, in.handleLine(h)); err != nil {
			return err
		}
	}
	if !in.keys {
		return nil
	}
	in.Entries(op, in.limit, func(h *inspect.Handle, e *inspect.Entry) {
		if err == nil {
			err = writeJSON(in.t.out, entryLineOf(h, e))
		}
	})
	return err
}

func (in *inspection) handleLine(h *inspect.Handle) handleLine {
	l := handleLine{
		Type: "handle", Operator: h.Operator.String(), Kind: h.Kind.String(), Handle: h.Tag,
		Layout: h.Layout, Compressed: h.Compressed, Where: h.Where, File: h.File, Files: h.Files, Outside: h.Outside,
		Bytes: h.Bytes, KeyType: h.KeyType, States: []stateField{}, Unread: unreadTexts(h.Unread),
	}
	if h.Subtask >= 0 {
		l.Subtask = new(int(h.Subtask))
	}
	if h.KeyGroups != nil {
		l.KeyGroups = &keyGroupsField{h.KeyGroups.Start, h.KeyGroups.End}
	}
	for _, s := range h.States {
		if !in.Selected(s) {
			continue
		}
		f := stateField{Name: s.Name, Kind: s.Kind, KeyType: s.KeyType, NamespaceType: s.Namespace, Type: s.Type, WeirOnly: s.WeirOnly}
		if s.Counted {
			f.Entries = &s.Entries
		}
		l.States = append(l.States, f)
	}
	if h.Problem != nil {
		l.Problem = h.Problem.Error()
	}
	if h.Failure != nil {
		l.Failure = h.Failure.Error()
	}
	return l
}

func entryLineOf(h *inspect.Handle, e *inspect.Entry) entryLine {
	l := entryLine{
		Type: "entry", Operator: h.Operator.String(), Subtask: int(h.Subtask), State: e.State.Name, Kind: e.State.Kind,
		Value: inspect.JSON(e.Value),
	}
	l.KeyGroup, l.Key, l.Namespace, l.UserKey = entryKey(e)
	return l
}

// entryKey returns what identifies an entry in its state; what it does not have is nil.
func entryKey(e *inspect.Entry) (group *int, key, namespace, userKey json.RawMessage) {
	if e.KeyGroup >= 0 {
		group = new(e.KeyGroup)
	}
	if e.Keyed {
		key = inspect.JSON(e.Key)
	}
	if e.Namespace != nil {
		namespace = inspect.JSON(e.Namespace)
	}
	if e.InMap {
		userKey = inspect.JSON(e.UserKey)
	}
	return group, key, namespace, userKey
}
