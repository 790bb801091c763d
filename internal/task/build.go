package task

import (
	"fmt"
	"reflect"
	"slices"
	"sync/atomic"

	"github.com/weirstream/weir/checkpoint"
	"github.com/weirstream/weir/internal/align"
	"github.com/weirstream/weir/internal/clock"
	"github.com/weirstream/weir/internal/exchange"
	"github.com/weirstream/weir/internal/flow"
	"github.com/weirstream/weir/internal/plan"
)

// An Edge is the sending side of an edge to another task, for one subtask.
type Edge struct {
	From   plan.NodeID
	Port   string
	Record reflect.Type
	New    func(plan.Routing) flow.Sender
	// Routing tells the sender how to find the receiver of a record.
	Routing plan.Routing
	// Broadcast sends an element to every receiver of the edge.
	Broadcast func(exchange.Element) error
}

// A Spec is what a task is built from.
type Spec struct {
	Index   int
	Chain   *plan.Task
	Subtask checkpoint.Subtask
	Gate    *exchange.Gate[Control]
	// Inputs is, for each channel of the gate, the input of the head that it leads to.
	Inputs []uint16
	Edges  []Edge
	// EventTime says that batches have a column of timestamps, and that marks come.
	EventTime bool
	// Context makes the context that an operator of the chain is opened with. Build adds
	// the side outputs to it.
	Context func(n *plan.Node) *flow.Context
	// Splits are the splits that this subtask of a source reads from the start on.
	Splits []flow.Split
	// Group is the alignment group of the source, nil if it has none.
	Group   *clock.Group
	Writers NewWriter
	Reports Reports
	Figures *Figures
}

// Build opens the operators of a chain, from its end to its head, and restores their
// state. If one of them fails, the operators that were opened before are closed.
func Build(s Spec) (_ *Task, err error) {
	t := &Task{
		Index: s.Index, Name: s.Chain.Name(), Subtask: s.Subtask,
		gate: s.Gate, inputs: s.Inputs, writers: s.Writers, reports: s.Reports, Figures: s.Figures,
	}
	t.watermark.Store(int64(flow.MinTime))
	defer func() {
		if err != nil {
			_ = t.Close() // nothing was processed, and err says why
		}
	}()
	outputs := make(outputs)
	for _, e := range s.Edges {
		sender := e.New(e.Routing)
		t.outs = append(t.outs, out{Sender: sender, broadcast: e.Broadcast})
		outputs.add(port{e.From, e.Port}, e.Record, sender)
	}
	nodes := s.Chain.Nodes
	t.ops = make([]operator, 0, len(nodes))
	for i := len(nodes) - 1; i >= 0; i-- {
		n := nodes[i]
		ctx := s.Context(n)
		sides := outputs.sides(n.ID)
		ctx.Side = func(name string) (flow.Output, reflect.Type) {
			delete(sides, name)
			return outputs.of(port{n.ID, name})
		}
		asked := new(atomic.Bool)
		ctx.Wake = func() {
			if !asked.Swap(true) {
				s.Gate.Control(Control{Wake: i + 1})
			}
		}
		main, _ := outputs.of(port{n.ID, ""})
		op, err := open(n, ctx, main)
		if err != nil {
			return nil, err
		}
		t.ops = append(t.ops, operator{Operator: op, name: n.Label(), id: n.OperatorID(), asked: asked})
		for name := range sides {
			return nil, flow.Permanent(fmt.Errorf("open %s: its side output %q is read, and it has none of that name: ask the operator that emits it", n.Label(), name))
		}
		if i > 0 {
			from := n.Inputs[0]
			// Nodes are opened from the last to the first, so each goes before the receivers
			// that are there already: receivers stand in the order of the plan.
			outputs.addFirst(port{from.From, from.Port}, from.Record, chained{op})
		}
		t.head = op
	}
	slices.Reverse(t.ops)
	if s.Chain.Head.Source != nil {
		t.fetch = newFetcher(s)
		return t, nil
	}
	t.aligner = align.New(len(s.Inputs))
	return t, nil
}

func open(n *plan.Node, ctx *flow.Context, out flow.Output) (flow.Operator, error) {
	if n.New == nil {
		return passOn{Through: flow.Through{Out: out}}, nil
	}
	op, err := n.New(ctx, out)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", n.Label(), err)
	}
	return op, nil
}

// passOn is the operator of a union: several edges meet in it, and it passes batches on.
type passOn struct {
	flow.Stateless
	flow.Through
}

func (p passOn) Push(_ int, b flow.Batch) error { return p.Out.Push(b) }

// chained is an operator as the output of the one before it in the chain.
type chained struct{ op flow.Operator }

func (c chained) Push(b flow.Batch) error { return c.op.Push(0, b) }
func (c chained) Mark(m flow.Mark) error  { return c.op.Mark(m) }
