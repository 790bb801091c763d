package inspect

import (
	"cmp"
	"fmt"

	"github.com/weirstream/weir/checkpoint"
	"github.com/weirstream/weir/checkpoint/store"
	"github.com/weirstream/weir/flink"
)

// A Label is what an operator is called besides its id, as far as that is known.
type Label struct {
	Name string // for people
	UID  string // the text that the id is a hash of
	Kind string // what the operator does, such as "Reduce"
}

// Names is what a job and its operators are called.
type Names struct {
	Job       string // "" if it is not known
	Operators map[checkpoint.OperatorID]Label
}

// namesOf gathers names: from the seal, which has them since its version 2; from the metadata,
// which has them since its version 5; from what the seal says of files; and from uids that the
// caller knows. An id is a hash of the uid, so a uid can be confirmed and not be computed: uids
// that are of no operator of the checkpoint are left out.
func namesOf(c *store.Checkpoint, uids []string) Names {
	n := Names{Job: c.Names.Job, Operators: make(map[checkpoint.OperatorID]Label, len(c.Meta.Operators))}
	for i := range c.Meta.Operators {
		op := &c.Meta.Operators[i]
		n.Operators[op.ID] = Label{Name: op.Name, UID: op.UID}
	}
	for _, op := range c.Names.Operators {
		if l, ok := n.Operators[op.ID]; ok {
			l.Name, l.Kind = cmp.Or(l.Name, op.Name), op.Kind
			n.Operators[op.ID] = l
			n.confirm(op.Name) // Weir's operators have their name as uid
		}
	}
	if c.Seal != nil {
		for i := range c.Seal.Files {
			n.confirm(c.Seal.Files[i].What) // a file of Weir's is described by the uid
		}
	}
	for _, uid := range uids {
		n.confirm(uid)
	}
	return n
}

// confirm notes that uid is the uid of an operator, if it is.
func (n Names) confirm(uid string) bool {
	id := flink.OperatorIDOf(uid)
	l, ok := n.Operators[id]
	if ok {
		l.UID = uid
		n.Operators[id] = l
	}
	return ok
}

func (n Names) of(id checkpoint.OperatorID) Label { return n.Operators[id] }

// Best returns the one name to show: the name, else the uid, else "".
func (l Label) Best() string {
	if l.Name != "" {
		return l.Name
	}
	return l.UID
}

// InSentence names the operator in the middle of a sentence; id is its id.
func (l Label) InSentence(id checkpoint.OperatorID) string {
	if best := l.Best(); best != "" {
		return fmt.Sprintf("operator %q", best)
	}
	return "operator " + id.String()
}

// means reports whether word names the operator with that id: by id, name or uid.
func (l Label) means(id checkpoint.OperatorID, word string) bool {
	return word != "" && (word == id.String() || word == l.Name || word == l.UID || flink.OperatorIDOf(word) == id)
}

// orElse fills what is not known in l from other.
func (l Label) orElse(other Label) Label {
	for _, f := range []struct {
		to   *string
		from string
	}{{&l.Name, other.Name}, {&l.UID, other.UID}, {&l.Kind, other.Kind}} {
		if *f.to == "" {
			*f.to = f.from
		}
	}
	return l
}
