package plan

import (
	"fmt"
	"io"
	"strings"
)

// A Task is a chain: operators without an exchange between them, which one goroutine
// per subtask runs. It is a tree, as an operator may feed several others.
type Task struct {
	ID   int
	Head *Node
	// Nodes are the head, then the others, each after the one that feeds it.
	Nodes []*Node
	// Parallelism is how many subtasks the task has.
	Parallelism int
	// Inputs are the edges that lead into the head from other tasks.
	Inputs []TaskEdge
	// Outputs are the edges that lead from the task's nodes to other tasks.
	Outputs []TaskEdge
}

// A TaskEdge is an edge that crosses from one task to another.
type TaskEdge struct {
	Edge
	Target NodeID // the node that Edge is an input of, the head of ToTask
	Input  int    // which input of that node it is
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

// ParallelismOf returns how many subtasks a node has if the job's default is the given one.
func (n *Node) ParallelismOf(job int) int {
	if n.Parallelism > 0 {
		return n.Parallelism
	}
	return job
}

// Chain cuts the plan into tasks, for a default parallelism. A node joins the task of the
// node it reads from if it has no other input, the edge between them forwards, and both
// have the same parallelism.
func (p *Plan) Chain(parallelism int) []*Task {
	var tasks []*Task
	of := make([]int, len(p.Nodes)) // node → task
	for _, n := range p.Nodes {
		own := n.ParallelismOf(parallelism)
		if len(n.Inputs) == 1 && n.Inputs[0].Ship == Forward {
			if t := tasks[of[n.Inputs[0].From]]; t.Parallelism == own {
				of[n.ID] = t.ID
				t.Nodes = append(t.Nodes, n)
				continue
			}
		}
		of[n.ID] = len(tasks)
		tasks = append(tasks, &Task{ID: len(tasks), Head: n, Nodes: []*Node{n}, Parallelism: own})
	}
	for _, t := range tasks {
		for i, e := range t.Head.Inputs {
			from := tasks[of[e.From]]
			if e.Ship == Forward && from.Parallelism != t.Parallelism {
				e.Ship = Rebalance
			}
			te := TaskEdge{Edge: e, Target: t.Head.ID, Input: i, FromTask: from.ID, ToTask: t.ID}
			t.Inputs = append(t.Inputs, te)
			from.Outputs = append(from.Outputs, te)
		}
	}
	return tasks
}

// Channels returns how many channels the edge has into one subtask of the receiver: one
// from each sending subtask, or a single one if the edge forwards.
func (e TaskEdge) Channels(senders int) int {
	if e.Ship == Forward {
		return 1
	}
	return senders
}

// Dump writes the tasks that Chain cuts as text: a line per task, and below it what it
// reads.
func (p *Plan) Dump(w io.Writer, parallelism int) error {
	for _, t := range p.Chain(parallelism) {
		if _, err := fmt.Fprintf(w, "task %d ×%d: %s\n", t.ID, t.Parallelism, t.Name()); err != nil {
			return err
		}
		for _, e := range t.Inputs {
			port := ""
			if e.Port != "" {
				port = fmt.Sprintf(", side output %q", e.Port)
			}
			if _, err := fmt.Fprintf(w, "  from task %d (%s), %s%s\n", e.FromTask, p.Nodes[e.From].Label(), e.Ship, port); err != nil {
				return err
			}
		}
	}
	return nil
}
