package flinktest

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"os"
	"slices"

	"github.com/weirstream/weir/flink"
)

// sameMetadata compares two metadata files by what they say: not by their version, nor
// by the order of operators, subtasks and operator states, which have no meaning.
func sameMetadata(wrote, again string) error {
	weirs, err := os.ReadFile(wrote)
	if err != nil {
		return err
	}
	flinks, err := os.ReadFile(again)
	if err != nil {
		return err
	}
	if err := survives(weirs); err != nil {
		return fmt.Errorf("reading what Weir wrote: %w", err)
	}
	want, err := ordered(weirs)
	if err != nil {
		return fmt.Errorf("reading what Weir wrote: %w", err)
	}
	got, err := ordered(flinks)
	if err != nil {
		return fmt.Errorf("reading what Flink wrote: %w", err)
	}
	if !bytes.Equal(want, got) {
		return fmt.Errorf("they say something else; as version 3 and in order, Weir's are\n%q\nand Flink's\n%q", want, got)
	}
	return nil
}

// survives makes sure that metadata of version 3 are the same bytes after reading and
// writing them. Without that, what package flink reads wrong from Weir's and from
// Flink's would still be the same.
func survives(data []byte) error {
	m, n, err := flink.DecodeMetadata(data)
	if err != nil {
		return err
	}
	written, err := m.AppendTo(nil)
	if err != nil {
		return err
	}
	if !bytes.Equal(written, data[:n]) {
		return errors.New("it is not what is there")
	}
	return nil
}

// ordered is metadata as version 3, sorted. What that version has no place for does not
// say anything about the state.
func ordered(data []byte) ([]byte, error) {
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
