package plan

import (
	"fmt"
	"io"
	"strings"
)

// A Task is a chain: operators without an exchange between them, which one goroutine
// per subtask runs. It is a tree, as an operator may feed several others.
type Task struct {
	ID    int
	Head  *Node
	Nodes []*Node // the head, then the others, each after the one that feeds it
	// Inputs are the edges that lead into the head from other tasks.
	Inputs []TaskEdge
	// Outputs are the edges that lead from the task's nodes to other tasks.
	Outputs []TaskEdge
}

// A TaskEdge is an edge that crosses from one task to another.
type TaskEdge struct {
	Edge
	Target NodeID // the node that Edge is an input of, the head of ToTask
	// FromTask and ToTask are indexes into the list that Chain returned.
	FromTask, ToTask int
}

// Name joins the labels of the task's nodes, as Flink shows a chain.
func (t *Task) Name() string {
	var b strings.Builder
	for i, n := range t.Nodes {
		if i > 0 {
			b.WriteString(" -> ")
		}
		b.WriteString(n.Label())
	}
	return b.String()
}

// Chain cuts the plan into tasks. A node joins the task of the node it reads from if it
// reads from that one only and the edge between them just forwards.
func (p *Plan) Chain() []*Task {
	var tasks []*Task
	of := make([]int, len(p.Nodes)) // node → task
	for _, n := range p.Nodes {
		if len(n.Inputs) == 1 && !n.Inputs[0].Keyed {
			t := of[n.Inputs[0].From]
			of[n.ID] = t
			tasks[t].Nodes = append(tasks[t].Nodes, n)
			continue
		}
		of[n.ID] = len(tasks)
		tasks = append(tasks, &Task{ID: len(tasks), Head: n, Nodes: []*Node{n}})
	}
	for _, t := range tasks {
		for _, e := range t.Head.Inputs {
			te := TaskEdge{Edge: e, Target: t.Head.ID, FromTask: of[e.From], ToTask: t.ID}
			t.Inputs = append(t.Inputs, te)
			from := tasks[te.FromTask]
			from.Outputs = append(from.Outputs, te)
		}
	}
	return tasks
}

// Dump writes the plan as text: a line per task, and below it what it reads.
func (p *Plan) Dump(w io.Writer) error {
	tasks := p.Chain()
	for _, t := range tasks {
		if _, err := fmt.Fprintf(w, "task %d: %s\n", t.ID, t.Name()); err != nil {
			return err
		}
		for _, e := range t.Inputs {
			how := "forward"
			if e.Keyed {
				how = "by key"
			}
			if _, err := fmt.Fprintf(w, "  from task %d (%s), %s\n", e.FromTask, p.Nodes[e.From].Label(), how); err != nil {
				return err
			}
		}
	}
	return nil
}
