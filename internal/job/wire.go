package job

import (
	"github.com/weirstream/weir/checkpoint"
	"github.com/weirstream/weir/internal/exchange"
	"github.com/weirstream/weir/internal/flow"
	"github.com/weirstream/weir/internal/plan"
	"github.com/weirstream/weir/internal/task"
)

type gate = exchange.Gate[task.Control]

// A wiring is the gates of all tasks and how many channels each has. Channels are
// numbered by edge, in the order of the head's inputs, and within a keyed edge by the
// sending subtask; a forwarding edge has one channel, from the subtask with the same
// number.
type wiring struct {
	parallelism int
	chains      []*plan.Task
	gates       [][]*gate // [chain][subtask]
	channels    []int     // [chain]
}

func newWiring(chains []*plan.Task, parallelism int) *wiring {
	w := &wiring{parallelism: parallelism, chains: chains}
	for _, c := range chains {
		n := 0
		for _, e := range c.Inputs {
			n += w.width(e)
		}
		// The head of a source has one channel: what was fetched.
		n = max(n, 1)
		gates := make([]*gate, parallelism)
		for i := range gates {
			gates[i] = exchange.NewGate[task.Control](n)
		}
		w.gates = append(w.gates, gates)
		w.channels = append(w.channels, n)
	}
	return w
}

// width is how many channels of a receiving gate belong to an edge.
func (w *wiring) width(e plan.TaskEdge) int {
	if e.Keyed {
		return w.parallelism
	}
	return 1
}

// channel is the number of the channel from a subtask at the far end of an edge.
func (w *wiring) channel(edge plan.TaskEdge, input int, from int) int {
	c := 0
	for _, e := range w.chains[edge.ToTask].Inputs[:input] {
		c += w.width(e)
	}
	if edge.Keyed {
		c += from
	}
	return c
}

// edges are the sending ends of one subtask of a chain.
func (w *wiring) edges(chain *plan.Task, subtask int, maxParallelism func(plan.NodeID) int) []task.Edge {
	var edges []task.Edge
	for _, to := range w.chains {
		for input, e := range to.Inputs {
			if e.FromTask != chain.ID {
				continue
			}
			gates, channel := w.gates[to.ID], w.channel(e, input, subtask)
			receivers := gates
			if !e.Keyed {
				receivers = gates[subtask : subtask+1]
			}
			edges = append(edges, task.Edge{
				From: e.From,
				New:  e.NewSender,
				Routing: plan.Routing{
					Target:         to.Head.Label(),
					MaxParallelism: maxParallelism(e.Target),
					Parallelism:    w.parallelism,
					Self:           checkpoint.Subtask(subtask),
					Send: func(to checkpoint.Subtask, b flow.Batch) error {
						return gates[to].Send(channel, exchange.Element{Batch: b})
					},
				},
				Broadcast: func(el exchange.Element) error {
					for _, g := range receivers {
						if err := g.Send(channel, el); err != nil {
							return err
						}
					}
					return nil
				},
			})
		}
	}
	return edges
}

// control sends a message to every task, or, if sources is set, to those of sources.
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
