package flinktest

import (
	"bytes"
	"cmp"
	"fmt"
	"os"
	"slices"

	"github.com/weirstream/weir/flink"
)

// sameMetadata compares two metadata files by what they say: not by their version, nor
// by the order of operators, subtasks and operator states, which have no meaning.
func sameMetadata(wrote, again string) error {
	want, err := ordered(wrote)
	if err != nil {
		return fmt.Errorf("reading what Weir wrote: %w", err)
	}
	got, err := ordered(again)
	if err != nil {
		return fmt.Errorf("reading what Flink wrote: %w", err)
	}
	if !bytes.Equal(want, got) {
		return fmt.Errorf("they say something else; as version 3 and in order, Weir's are\n%q\nand Flink's\n%q", want, got)
	}
	return nil
}

// ordered is a metadata file as version 3, sorted. What that version has no place for
// does not say anything about the state.
func ordered(file string) ([]byte, error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	m, _, err := flink.DecodeMetadata(data)
	if err != nil {
		return nil, err
	}
	m.Properties = nil
	slices.SortFunc(m.Operators, func(a, b flink.OperatorState) int { return bytes.Compare(a.ID[:], b.ID[:]) })
	for i := range m.Operators {
		o := &m.Operators[i]
		o.Name, o.UID = "", ""
		slices.SortFunc(o.Subtasks, func(a, b flink.SubtaskState) int { return cmp.Compare(a.Index, b.Index) })
		for _, s := range o.Subtasks {
			if h := s.ManagedOperator; h != nil {
				slices.SortFunc(h.States, func(a, b flink.OperatorStateMeta) int { return cmp.Compare(a.Name, b.Name) })
			}
		}
	}
	return m.AppendTo(nil)
}
