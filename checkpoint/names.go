package checkpoint

import (
	"bytes"
	"cmp"
	"slices"
)

// Names are what the ids of a checkpoint stand for: it refers to its job and to the job's
// operators by ids, which are hashes of names. Names are for people; nothing is found by
// them. In the zero value nothing is known.
type Names struct {
	Job       string
	Operators []OperatorName // ascending by ID, no ID twice
}

// An OperatorName is what an operator is called and what it is.
type OperatorName struct {
	ID   OperatorID
	Name string
	Kind string // "source", "process", "sink", …; empty if that is not known
}

// NewNames puts operators in order. Of several with one id the first stays.
func NewNames(job string, operators []OperatorName) Names {
	sorted := slices.Clone(operators)
	slices.SortStableFunc(sorted, OperatorName.compare)
	sorted = slices.CompactFunc(sorted, func(a, b OperatorName) bool { return a.ID == b.ID })
	return Names{Job: job, Operators: sorted}
}

// Operator finds an operator by its id.
func (n Names) Operator(id OperatorID) (OperatorName, bool) {
	i, ok := slices.BinarySearchFunc(n.Operators, OperatorName{ID: id}, OperatorName.compare)
	if !ok {
		return OperatorName{}, false
	}
	return n.Operators[i], true
}

// Label is the name of an operator, or its id in hex if it has none.
func (n Names) Label(id OperatorID) string {
	op, _ := n.Operator(id)
	return cmp.Or(op.Name, id.String())
}

func (o OperatorName) compare(p OperatorName) int { return bytes.Compare(o.ID[:], p.ID[:]) }
