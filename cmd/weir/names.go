package main

import (
	"fmt"

	"github.com/weirstream/weir/checkpoint"
	"github.com/weirstream/weir/checkpoint/store"
	"github.com/weirstream/weir/flink"
)

// A label is what an operator is called besides its id, as far as that is known. An id
// is a hash of the uid, so a uid can be made sure of and not be worked out.
type label struct {
	name string // for people; since version 5 of the metadata
	uid  string
}

// labelsOf gathers labels: from the metadata, from what the seal says that files hold,
// and from uids that somebody gives. It also returns those uids that no operator has.
func labelsOf(c *store.Checkpoint, given []string) (labels map[checkpoint.OperatorID]label, unused []string) {
	labels = make(map[checkpoint.OperatorID]label, len(c.Meta.Operators))
	for i := range c.Meta.Operators {
		op := &c.Meta.Operators[i]
		labels[op.ID] = label{name: op.Name, uid: op.UID}
	}
	claim := func(uid string) bool {
		id := flink.OperatorIDOf(uid)
		l, ok := labels[id]
		if ok {
			l.uid = uid
			labels[id] = l
		}
		return ok
	}
	if c.Seal != nil {
		for i := range c.Seal.Files {
			claim(c.Seal.Files[i].What)
		}
	}
	for _, uid := range given {
		if !claim(uid) {
			unused = append(unused, uid)
		}
	}
	return labels, unused
}

// text is the label for people, "" if there is none.
func (l label) text() string {
	switch {
	case l.name != "" && l.uid != "" && l.name != l.uid:
		return fmt.Sprintf("%q, uid %q", l.name, l.uid)
	case l.uid != "":
		return fmt.Sprintf("%q", l.uid)
	case l.name != "":
		return fmt.Sprintf("%q, uid not known", l.name)
	}
	return ""
}

// short names the operator in the middle of a sentence.
func (l label) short(id checkpoint.OperatorID) string {
	switch {
	case l.uid != "":
		return fmt.Sprintf("operator %q", l.uid)
	case l.name != "":
		return fmt.Sprintf("operator %q", l.name)
	default:
		return "operator " + id.String()
	}
}

// means tells whether somebody who writes s means the operator.
func (l label) means(id checkpoint.OperatorID, s string) bool {
	return s != "" && (s == id.String() || s == l.name || s == l.uid || flink.OperatorIDOf(s) == id)
}

// guess tries whether the operator has its uid from the same word as one of its states,
// as many have. A guess that is wrong does not pass the hash.
func (op *operatorContent) guess(uid string) {
	if op.uid == "" && flink.OperatorIDOf(uid) == op.ID {
		op.uid = uid
	}
}
