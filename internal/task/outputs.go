package task

import (
	"reflect"

	"github.com/weirstream/weir/internal/flow"
	"github.com/weirstream/weir/internal/plan"
)

// port is one of the outputs of a node: the main one, whose name is empty, or a side
// output.
type port struct {
	node plan.NodeID
	name string
}

// outputs are the receivers of each port: senders to other tasks, and operators of the
// same chain.
type outputs map[port]*fan

// fan is the receivers of one port.
type fan struct {
	record reflect.Type
	to     tee
}

func (o outputs) add(p port, record reflect.Type, to flow.Output) {
	f := o.fan(p, record)
	f.to = append(f.to, to)
}

func (o outputs) addFirst(p port, record reflect.Type, to flow.Output) {
	f := o.fan(p, record)
	f.to = append(tee{to}, f.to...)
}

func (o outputs) fan(p port, record reflect.Type) *fan {
	f := o[p]
	if f == nil {
		f = &fan{record: record}
		o[p] = f
	}
	return f
}

// of returns the output that the records of a port go to, and their type. It returns nil
// if nothing reads them.
func (o outputs) of(p port) (flow.Output, reflect.Type) {
	f := o[p]
	switch {
	case f == nil:
		return nil, nil
	case len(f.to) == 1:
		return f.to[0], f.record
	}
	return f.to, f.record
}

// sides returns the names of the side outputs of a node that something reads.
func (o outputs) sides(n plan.NodeID) map[string]bool {
	names := make(map[string]bool)
	for p := range o {
		if p.node == n && p.name != "" {
			names[p.name] = true
		}
	}
	return names
}

// tee gives every batch and every mark to each of several outputs.
type tee []flow.Output

func (t tee) Push(b flow.Batch) error {
	for _, o := range t {
		if err := o.Push(b); err != nil {
			return err
		}
	}
	return nil
}

func (t tee) Mark(m flow.Mark) error {
	for _, o := range t {
		if err := o.Mark(m); err != nil {
			return err
		}
	}
	return nil
}
