package job

import (
	"github.com/weirstream/weir/checkpoint"
	"github.com/weirstream/weir/internal/exchange"
	"github.com/weirstream/weir/internal/flow"
	"github.com/weirstream/weir/internal/plan"
	"github.com/weirstream/weir/internal/task"
)

type gate = exchange.Gate[task.Control]

// A wiring is the gates of all tasks. The channels of a gate are numbered by edge, in the
// order of the head's inputs, and within an edge by the sending subtask. A forwarding edge
// has one channel, from the subtask with the same number.
type wiring struct {
	chains []*plan.Task
	gates  [][]*gate  // [chain][subtask]
	inputs [][]uint16 // [chain][channel]: the input that the channel leads to
	first  []int      // [chain]: the index of its first task among all
	tasks  int
}

func newWiring(chains []*plan.Task) *wiring {
	w := &wiring{chains: chains}
	for _, c := range chains {
		inputs := []uint16{}
		for _, e := range c.Inputs {
			for range e.Channels(chains[e.FromTask].Parallelism) {
				inputs = append(inputs, uint16(e.Input))
			}
		}
		if c.Head.Source != nil {
			inputs = []uint16{0} // what the fetcher sends
		}
		gates := make([]*gate, c.Parallelism)
		for i := range gates {
			gates[i] = exchange.NewGate[task.Control](len(inputs))
		}
		w.gates = append(w.gates, gates)
		w.inputs = append(w.inputs, inputs)
		w.first = append(w.first, w.tasks)
		w.tasks += c.Parallelism
	}
	return w
}

// channel returns the number, at the receivers, of the channel over an edge from a sending
// subtask.
func (w *wiring) channel(edge plan.TaskEdge, from int) int {
	c := 0
	for _, e := range w.chains[edge.ToTask].Inputs[:edge.Input] {
		c += e.Channels(w.chains[e.FromTask].Parallelism)
	}
	if edge.Ship != plan.Forward {
		c += from
	}
	return c
}

// edges returns the sending ends of one subtask of a chain. The time that a send has waited
// is added to blocked.
func (w *wiring) edges(chain *plan.Task, subtask int, maxParallelism func(plan.NodeID) int, blocked *task.Figures) []task.Edge {
	edges := make([]task.Edge, 0, len(chain.Outputs))
	for _, e := range chain.Outputs {
		to := w.chains[e.ToTask]
		gates, channel := w.gates[to.ID], w.channel(e, subtask)
		receivers := gates
		if e.Ship == plan.Forward {
			receivers = gates[subtask : subtask+1]
		}
		send := func(g *gate, el exchange.Element) error {
			waited, err := g.Send(channel, el)
			blocked.AddBlocked(waited)
			return err
		}
		broadcast := func(el exchange.Element) error {
			for _, g := range receivers {
				if err := send(g, el); err != nil {
					return err
				}
			}
			return nil
		}
		edges = append(edges, task.Edge{
			From:   e.From,
			Port:   e.Port,
			Record: e.Record,
			New:    e.NewSender,
			Routing: plan.Routing{
				Target:         to.Head.Label(),
				Ship:           e.Ship,
				MaxParallelism: maxParallelism(e.Target),
				Parallelism:    to.Parallelism,
				Self:           checkpoint.Subtask(subtask),
				Send: func(to checkpoint.Subtask, b flow.Batch) error {
					return send(gates[to], exchange.Element{Batch: b})
				},
				Mark: func(m flow.Mark) error { return broadcast(exchange.Element{Kind: exchange.Mark, Mark: m}) },
			},
			Broadcast: broadcast,
		})
	}
	return edges
}

// control sends a message to every task, or, if sources is true, to the tasks of sources
// only.
func (w *wiring) control(c task.Control, sources bool) {
	for i, chain := range w.chains {
		if sources && chain.Head.Source == nil {
			continue
		}
		for _, g := range w.gates[i] {
			g.Control(c)
		}
	}
}

func (w *wiring) close() {
	for _, gates := range w.gates {
		for _, g := range gates {
			g.Close()
		}
	}
}
