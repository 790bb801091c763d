package task

import (
	"fmt"
	"slices"

	"github.com/weirstream/weir/checkpoint"
	"github.com/weirstream/weir/internal/align"
	"github.com/weirstream/weir/internal/exchange"
	"github.com/weirstream/weir/internal/flow"
	"github.com/weirstream/weir/internal/plan"
)

// An Edge is the sending side of an edge to another task, for one subtask.
type Edge struct {
	From plan.NodeID
	New  func(plan.Routing) flow.Sender
	// Routing is what the sender routes by.
	Routing plan.Routing
	// Broadcast sends to every receiver of this subtask's.
	Broadcast func(exchange.Element) error
}

// A Spec is what a task is built from.
type Spec struct {
	Index   int
	Chain   *plan.Task
	Subtask checkpoint.Subtask
	Gate    *exchange.Gate[Control]
	// Channels is the number of channels of the gate.
	Channels int
	Edges    []Edge
	// Context is what each operator of the chain is opened with.
	Context func(n *plan.Node) *flow.Context
	// Splits is the subtask's share of a source's splits, Gone those of its share that are
	// not there now, Known the ids of all splits of all subtasks.
	Splits  []flow.Split
	Gone    []flow.Split
	Known   []string
	Writers NewWriter
	Reports Reports
}

// Build opens the operators of a chain, from its end to its head, and restores their
// state. What has been opened is closed again if one of them fails.
func Build(s Spec) (_ *Task, err error) {
	t := &Task{Index: s.Index, Name: s.Chain.Name(), Subtask: s.Subtask, gate: s.Gate, writers: s.Writers, reports: s.Reports}
	defer func() {
		if err != nil {
			for _, op := range t.ops {
				op.Close()
			}
		}
	}()
	// The outputs of each node: senders to other tasks, then chained operators.
	outputs := make(map[plan.NodeID][]flow.Output)
	for _, e := range s.Edges {
		sender := e.New(e.Routing)
		t.outs = append(t.outs, out{Sender: sender, broadcast: e.Broadcast})
		outputs[e.From] = append(outputs[e.From], sender)
	}
	nodes := s.Chain.Nodes
	t.ops = make([]operator, 0, len(nodes))
	for i := len(nodes) - 1; i >= 0; i-- {
		n := nodes[i]
		op, err := open(n, s.Context(n), join(outputs[n.ID]))
		if err != nil {
			return nil, err
		}
		t.ops = append(t.ops, operator{Operator: op, name: n.Label(), id: n.OperatorID()})
		if i > 0 {
			from := n.Inputs[0].From
			// Nodes are opened back to front; their order as consumers is kept.
			outputs[from] = append([]flow.Output{op}, outputs[from]...)
		}
		t.head = op
	}
	slices.Reverse(t.ops)
	if src := s.Chain.Head.Source; src != nil {
		c := s.Context(s.Chain.Head)
		t.fetch = &fetcher{
			source: src, splits: s.Splits, gone: slices.Clone(s.Gone), known: make(map[string]bool, len(s.Known)),
			subtask: int(s.Subtask), parallelism: c.Parallelism,
		}
		for _, id := range s.Known {
			t.fetch.known[id] = true
		}
	} else {
		t.aligner = align.New(s.Channels)
	}
	return t, nil
}

func open(n *plan.Node, ctx *flow.Context, out flow.Output) (flow.Operator, error) {
	if n.New == nil {
		return passOn{out: out}, nil
	}
	op, err := n.New(ctx, out)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", n.Label(), err)
	}
	return op, nil
}

// passOn is the operator of a union: it is where several edges meet, and does nothing.
type passOn struct {
	flow.Stateless
	out flow.Output
}

func (p passOn) Push(b flow.Batch) error { return p.out.Push(b) }

// join makes one output of several; each of them gets every batch.
func join(outs []flow.Output) flow.Output {
	if len(outs) == 1 {
		return outs[0]
	}
	return tee(outs)
}

type tee []flow.Output

func (t tee) Push(b flow.Batch) error {
	for _, o := range t {
		if err := o.Push(b); err != nil {
			return err
		}
	}
	return nil
}
