// Package plan is a job as the engine sees it: nodes (operators) and edges, erased of
// their types. It checks a plan, chains operators into tasks and prints both as text.
//
// It is pure: it runs nothing.
package plan

import (
	"errors"
	"fmt"

	"github.com/weirstream/weir/checkpoint"
	"github.com/weirstream/weir/flink"
	"github.com/weirstream/weir/internal/flow"
)

// NodeID is the index of a node in its plan.
type NodeID int

// A Plan is a job: its nodes in the order they were added, so that every edge leads
// from a lower to a higher NodeID.
type Plan struct {
	Name  string
	Nodes []*Node
	// Err is what went wrong while the job was written down, all of it joined.
	Err error
}

// A Node is one operator.
type Node struct {
	ID   NodeID
	Kind string // the operator's word: "source", "map", "reduce" …
	// Name is the operator's identity across runs: uid, label in metrics and messages.
	// Operators without state have none.
	Name   string
	Inputs []Edge

	// New makes a subtask. Records go to out. It is nil for union, which is nothing
	// but its edges.
	New func(ctx *flow.Context, out flow.Output) (flow.Operator, error)

	Source flow.Source // of source nodes
	// Sink makes the part of a sink that the job drives; nil otherwise.
	Sink flow.Sink
}

// An Edge leads from another node to the one that holds it.
type Edge struct {
	From NodeID
	// Keyed edges route each record by its key; the others forward subtask to subtask.
	Keyed bool
	// NewSender makes the sending end of the edge for one subtask.
	NewSender func(Routing) flow.Sender
}

// Routing is what a sender needs to know to find the receiver of a record.
type Routing struct {
	// Target is the label of the operator at the far end, for messages.
	Target         string
	MaxParallelism int
	Parallelism    int
	Send           func(to checkpoint.Subtask, b flow.Batch) error
	// Self is the receiver of forwarded records.
	Self checkpoint.Subtask
}

// Add appends a node and returns its id.
func (p *Plan) Add(n *Node) NodeID {
	n.ID = NodeID(len(p.Nodes))
	p.Nodes = append(p.Nodes, n)
	return n.ID
}

// Fail records a mistake in the job; Check returns it.
func (p *Plan) Fail(format string, args ...any) {
	p.Err = errors.Join(p.Err, fmt.Errorf(format, args...))
}

// Label is how messages call the node: its name, or for want of one its kind and
// number.
func (n *Node) Label() string {
	if n.Name != "" {
		return n.Name
	}
	return fmt.Sprintf("%s#%d", n.Kind, n.ID)
}

// OperatorID is the identity of the node's state.
func (n *Node) OperatorID() checkpoint.OperatorID { return flink.OperatorIDOf(n.Label()) }

// Check returns everything that is wrong with the plan, or nil.
func (p *Plan) Check() error {
	errs := []error{p.Err}
	if p.Name == "" {
		errs = append(errs, errors.New("the job has no name: give NewJob one, it decides where its checkpoints are"))
	}
	if len(p.Nodes) == 0 {
		errs = append(errs, errors.New("the job has no operators: begin with From"))
	}
	seen := make(map[string]*Node)
	consumed := make([]bool, len(p.Nodes))
	for _, n := range p.Nodes {
		if n.Name != "" {
			if other := seen[n.Name]; other != nil {
				errs = append(errs, fmt.Errorf("two operators are named %q (a %s and a %s): the name is the identity of their state, give each its own", n.Name, other.Kind, n.Kind))
			}
			seen[n.Name] = n
		}
		for _, e := range n.Inputs {
			consumed[e.From] = true
		}
	}
	for _, n := range p.Nodes {
		if !consumed[n.ID] && n.Kind != KindSink {
			errs = append(errs, fmt.Errorf("nothing reads the output of %s: end it with To", n.Label()))
		}
	}
	return errors.Join(errs...)
}

// The kinds that the plan itself must tell apart.
const (
	KindSource = "source"
	KindSink   = "sink"
	KindUnion  = "union"
)
