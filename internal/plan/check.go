package plan

import (
	"errors"
	"fmt"
	"reflect"

	"github.com/weirstream/weir/checkpoint"
)

// Check returns everything that is wrong with the plan, or nil.
func (p *Plan) Check() error {
	errs := []error{p.Err}
	if p.Name == "" {
		errs = append(errs, errors.New("the job has no name: give NewJob one, it decides where its checkpoints are"))
	}
	if len(p.Nodes) == 0 {
		errs = append(errs, errors.New("the job has no operators: begin with From"))
	}
	errs = append(errs, p.checkNames()...)
	errs = append(errs, p.checkOutputs()...)
	for _, n := range p.Nodes {
		if n.NeedsTime && !p.EventTime {
			errs = append(errs, at(n, "it works with event time, and no source of the job has any: give From or AssignWatermarks a Watermarks, as weir.OutOfOrder"))
		}
		if n.Parallelism < 0 || n.Parallelism > checkpoint.MaxMaxParallelism {
			errs = append(errs, at(n, "parallelism %d: want 1 to %d", n.Parallelism, checkpoint.MaxMaxParallelism))
		}
	}
	return errors.Join(errs...)
}

// at is an error about a node, with its place in the program.
func at(n *Node, format string, args ...any) error {
	err := fmt.Errorf(format, args...)
	if n.Where == "" {
		return fmt.Errorf("%s: %w", n.Label(), err)
	}
	return fmt.Errorf("%s: %s: %w", n.Where, n.ident(), err)
}

// checkNames finds operators that share a name.
func (p *Plan) checkNames() (errs []error) {
	seen := make(map[string]*Node)
	for _, n := range p.Nodes {
		if n.Name == "" {
			continue
		}
		if other := seen[n.Name]; other != nil {
			errs = append(errs, at(n, "two operators are named %q (a %s and a %s): the name is the identity of their state, give each its own", n.Name, other.Kind, n.Kind))
		}
		seen[n.Name] = n
	}
	return errs
}

// checkOutputs finds outputs that nothing reads, and side outputs that are read as two
// different types.
func (p *Plan) checkOutputs() (errs []error) {
	type port struct {
		node NodeID
		name string
	}
	read := make(map[port]reflect.Type)
	for _, n := range p.Nodes {
		for _, e := range n.Inputs {
			at := port{e.From, e.Port}
			if was := read[at]; was != nil && e.Port != "" && was != e.Record {
				errs = append(errs, fmt.Errorf("side output %q of %s is read as %s and as %s: a tag has one type", e.Port, p.Nodes[e.From].Label(), was, e.Record))
			}
			read[at] = e.Record
		}
	}
	for _, n := range p.Nodes {
		if _, ok := read[port{n.ID, ""}]; !ok && n.Kind != KindSink {
			errs = append(errs, at(n, "nothing reads its output: end it with To"))
		}
	}
	return errs
}
