// Package plan is a job as the engine sees it: nodes (operators) and edges, without the
// types of the records. It checks a plan, chains operators into tasks and prints the tasks
// as text.
//
//	plan.go    nodes and edges
//	check.go   mistakes in a plan
//	chain.go   operators that run as one task
//
// It is pure: it runs nothing.
package plan

import (
	"errors"
	"fmt"
	"reflect"
	"slices"

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
	// EventTime says that records have timestamps.
	EventTime bool
	// Err is all mistakes that were found while the job was built, joined.
	Err error
}

// A Node is one operator.
type Node struct {
	ID   NodeID
	Kind string // the operator's word: "source", "map", "reduce" …
	// Name is the operator's identity across runs: uid, label in metrics and messages.
	// Operators without state have none.
	Name string
	// Where is the place in the program that added the node, as "job.go:41", for messages.
	Where string
	// Parallelism is how many subtasks the node has; 0 means the job's default.
	Parallelism int
	Inputs      []Edge

	// NeedsTime says that the node works with the timestamps of records.
	NeedsTime bool

	// New makes a subtask. Its records go to out, those of side outputs to ctx.Side. It is
	// nil for a union, which only joins edges.
	New func(ctx *flow.Context, out flow.Output) (flow.Operator, error)

	Source flow.Source // of source nodes
	Sink   flow.Sink   // of sink nodes: the part that the job calls itself
}

// Shipping is how records get from one operator to the next.
type Shipping uint8

const (
	// Forward: to the subtask with the same number. Where the two operators have different
	// parallelisms it becomes Rebalance.
	Forward Shipping = iota
	// ByKey: each record to the subtask that owns its key.
	ByKey
	// Rebalance: to all subtasks in turn.
	Rebalance
	// Broadcast: each record to every subtask.
	Broadcast
)

func (s Shipping) String() string {
	return [...]string{"forward", "by key", "rebalance", "broadcast"}[s]
}

// An Edge leads from another node to the one that holds it.
type Edge struct {
	From NodeID
	// Port is the side output of the other node that is read, "" for its main one.
	Port string
	Ship Shipping
	// Record is the type of the records on the edge.
	Record reflect.Type
	// Local is the reason why the records cannot leave the process, nil if they can.
	Local error
	// NewSender makes the sending end of the edge for one subtask.
	NewSender func(Routing) flow.Sender
}

// Routing is what a sender needs to know to find the receiver of a record.
type Routing struct {
	// Target is the label of the operator at the far end, for messages.
	Target         string
	Ship           Shipping
	MaxParallelism int
	Parallelism    int // of the receiver
	// Self is the number of the sending subtask.
	Self checkpoint.Subtask
	Send func(to checkpoint.Subtask, b flow.Batch) error
	// Mark sends a mark to every receiver.
	Mark func(flow.Mark) error
}

// Add appends a node and returns its id.
func (p *Plan) Add(n *Node) NodeID {
	n.ID = NodeID(len(p.Nodes))
	p.Nodes = append(p.Nodes, n)
	return n.ID
}

// Fail records a mistake that was found while the job was built; Check returns it.
func (p *Plan) Fail(err error) { p.Err = errors.Join(p.Err, err) }

// Clone returns a copy that later changes of the plan do not reach.
func (p *Plan) Clone() *Plan {
	c := *p
	c.Nodes = make([]*Node, len(p.Nodes))
	for i, n := range p.Nodes {
		node := *n
		node.Inputs = slices.Clone(n.Inputs)
		c.Nodes[i] = &node
	}
	return &c
}

// Label is the node's name in messages. A node without a name is called by its kind, its
// number and its place in the program.
func (n *Node) Label() string {
	switch {
	case n.Name != "":
		return n.Name
	case n.Where != "":
		return fmt.Sprintf("%s#%d (%s)", n.Kind, n.ID, n.Where)
	}
	return n.ident()
}

// ident is the text that the operator id is computed from.
func (n *Node) ident() string {
	if n.Name != "" {
		return n.Name
	}
	return fmt.Sprintf("%s#%d", n.Kind, n.ID)
}

// OperatorID is the identity of the node's state.
func (n *Node) OperatorID() checkpoint.OperatorID { return flink.OperatorIDOf(n.ident()) }

// The kinds that the engine treats differently.
const (
	KindSource = "source"
	KindSink   = "sink"
	KindUnion  = "union"
)

// Of returns the plan of a job, a *weir.Job, as it is now. Package weir sets it.
var Of func(job any) *Plan
