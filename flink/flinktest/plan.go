package flinktest

import (
	"fmt"
	"os"
	"strings"

	"github.com/weirstream/weir/checkpoint"
	"github.com/weirstream/weir/flink"
)

// A Plan is the operators and states that a Flink job that starts from a checkpoint would
// declare.
type Plan struct {
	Checkpoint checkpoint.ID
	Operators  []Operator // all operators in the checkpoint
}

// An Operator is what the job would declare of one operator. It must have all states of the
// operator: Flink would ignore a state that is not declared, but a test must not.
type Operator struct {
	ID                          checkpoint.OperatorID
	Parallelism, MaxParallelism int               // as written
	Key                         flink.Serializer  // nil if there is no keyed state
	Keyed                       []flink.StateMeta // without a namespace
	Lists                       []flink.StateMeta // operator state in flink.ModeSplitDistribute
}

// write writes the plan in the form that java/Dump.java describes.
func (p Plan) write(file string) error {
	var b strings.Builder
	line := func(fields ...string) error {
		for _, f := range fields {
			if strings.ContainsAny(f, "\t\r\n") {
				return fmt.Errorf("%q cannot be in a plan", f)
			}
		}
		b.WriteString(strings.Join(fields, "\t") + "\n")
		return nil
	}
	for _, o := range p.Operators {
		fmt.Fprintf(&b, "operator\t%s\t%d\t%d\n", o.ID, o.Parallelism, o.MaxParallelism)
		if o.Key != nil {
			fmt.Fprintf(&b, "key\t%s\n", o.Key.TypeName())
		}
		for _, s := range o.Keyed {
			if err := line(string(s.Type()), s.Name, s.Value().TypeName()); err != nil {
				return err
			}
		}
		for _, s := range o.Lists {
			if err := line(flink.ModeSplitDistribute.String(), s.Name, s.Value().TypeName()); err != nil {
				return err
			}
		}
	}
	return os.WriteFile(file, []byte(b.String()), 0o600)
}

// lines returns the lines of a dump about the checkpoint and its operators, without the
// entries.
func (p Plan) lines() []string {
	lines := []string{fmt.Sprintf(`{"checkpoint":%d}`, p.Checkpoint)}
	for _, o := range p.Operators {
		lines = append(lines, fmt.Sprintf(`{"operator":"%s","parallelism":%d,"maxParallelism":%d}`, o.ID, o.Parallelism, o.MaxParallelism))
	}
	return lines
}

// Entry returns the line of a dump about one key in a state: its value, whole list or whole
// map. It panics if the operator has no such state, which is a mistake in the test.
func (o *Operator) Entry(state string, key, value flink.Value) string {
	hash, ok := flink.JavaHash(o.Key, key)
	if !ok {
		panic(fmt.Sprintf("flinktest: %v is no key of type %s", key, o.Key.TypeName()))
	}
	return fmt.Sprintf(`{"operator":"%s","%s":%s,"group":%d,"key":%s,"value":%s}`, o.ID, find(o.Keyed, state).Type(),
		json(state), flink.KeyGroupOf(hash, o.MaxParallelism), json(key), json(value))
}

// Element returns the line of a dump about an element of a list in operator state.
func (o *Operator) Element(state string, element flink.Value) string {
	find(o.Lists, state)
	return fmt.Sprintf(`{"operator":"%s","%s":%s,"element":%s}`, o.ID, flink.ModeSplitDistribute, json(state), json(element))
}

func find(states []flink.StateMeta, name string) *flink.StateMeta {
	for i := range states {
		if states[i].Name == name {
			return &states[i]
		}
	}
	panic(fmt.Sprintf("flinktest: no state %q", name))
}
