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

// sameMetadata compares the meaning of two metadata files. It ignores their version and the
// order of operators, subtasks and operator states, which have no meaning.
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
		return fmt.Errorf("the metadata differ; as version 3 and in order, Weir's are\n%q\nand Flink's\n%q", want, got)
	}
	return nil
}

// survives checks that metadata of version 3 have the same bytes after reading and writing
// them. Without it, a mistake of package flink in reading both files would not be found.
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
		return errors.New("after reading and writing it has other bytes")
	}
	return nil
}

// ordered returns metadata as version 3, sorted. Fields for which that version has no place
// say nothing about the state.
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
