package task

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/weirstream/weir/checkpoint"
	"github.com/weirstream/weir/flink"
	"github.com/weirstream/weir/internal/flow"
)

// opened is a stream that counts how many are open.
type opened struct {
	*bytes.Reader
	open *int
}

func (o opened) Name() string { return "stream" }
func (o opened) Close() error { *o.open--; return nil }

// stateOf returns an operator with keyed state and lists of two subtasks, a function that
// opens its streams, and the number of streams that are open.
func stateOf(t *testing.T) (*flink.OperatorState, func(flink.StreamHandle) (Stream, error), *int) {
	t.Helper()
	data, states, err := flink.EncodeBytesLists(flink.BytesList{Name: "list", Elements: [][]byte{[]byte("element")}})
	must(t, err)
	op := &flink.OperatorState{MaxParallelism: 4}
	for i := range 2 {
		op.Subtasks = append(op.Subtasks, flink.SubtaskState{
			Index: checkpoint.Subtask(i),
			ManagedKeyed: &flink.KeyGroupsHandle{Tag: flink.TagKeyGroupsV2, Range: checkpoint.KeyGroupRange{Start: 2 * i, End: 2*i + 1},
				Offsets: []int64{0, 0}, Data: &flink.InlineHandle{Name: "keyed"}},
			ManagedOperator: &flink.OperatorHandle{States: states, Data: &flink.InlineHandle{Name: "lists", Data: data}},
		})
	}
	open := 0
	return op, func(h flink.StreamHandle) (Stream, error) {
		open++
		return opened{bytes.NewReader(h.(*flink.InlineHandle).Data), &open}, nil
	}, &open
}

// TestOpenState: a State has the list elements of all subtasks, returns the parts with the
// key groups of a range, and closes all streams.
func TestOpenState(t *testing.T) {
	op, open, n := stateOf(t)
	s, err := OpenState(op, open)
	must(t, err)
	if got := s.List("list"); len(got) != 2 || string(got[0]) != "element" || s.List("other") != nil || !s.Keyed() {
		t.Errorf("%q", got)
	}
	for _, c := range []struct{ start, end, want int }{{0, 1, 1}, {1, 2, 2}, {3, 3, 1}} {
		if got := s.For(checkpoint.KeyGroupRange{Start: c.start, End: c.end}).Keyed; len(got) != c.want {
			t.Errorf("%d parts for the key groups %d to %d, want %d", len(got), c.start, c.end, c.want)
		}
	}
	if *n != 4 {
		t.Errorf("%d are open", *n)
	}
	must(t, s.Close())
	if *n != 0 {
		t.Errorf("after Close %d are open", *n)
	}
}

// TestOpenStateRefuses: state that this program does not understand is a permanent error,
// and no stream stays open.
func TestOpenStateRefuses(t *testing.T) {
	for what, c := range map[string]struct {
		change func(*flink.SubtaskState)
		says   string
	}{
		"raw keyed":       {func(s *flink.SubtaskState) { s.RawKeyed = s.ManagedKeyed }, "raw state"},
		"raw operator":    {func(s *flink.SubtaskState) { s.RawOperator = s.ManagedOperator }, "raw state"},
		"input channels":  {func(s *flink.SubtaskState) { s.InputChannels = make([]flink.ChannelState, 1) }, "unaligned"},
		"output channels": {func(s *flink.SubtaskState) { s.ResultSubpartitions = make([]flink.ChannelState, 1) }, "unaligned"},
		"savepoint":       {func(s *flink.SubtaskState) { s.ManagedKeyed.(*flink.KeyGroupsHandle).Tag = flink.TagSavepoint }, "layout"},
		"incremental":     {func(s *flink.SubtaskState) { s.ManagedKeyed = &flink.IncrementalHandle{} }, "layout"},
	} {
		op, open, n := stateOf(t)
		c.change(&op.Subtasks[1])
		_, err := OpenState(op, open)
		if !flow.IsPermanent(err) || !strings.Contains(err.Error(), c.says) || !strings.Contains(err.Error(), "subtask 1") {
			t.Errorf("%s: %v", what, err)
		}
		if *n != 0 {
			t.Errorf("%s: %d are left open", what, *n)
		}
	}
	// A stream that cannot be opened now may be opened the next time: not a permanent error.
	boom := errors.New("boom")
	op, open, n := stateOf(t)
	calls := 0
	_, err := OpenState(op, func(h flink.StreamHandle) (Stream, error) {
		if calls++; calls == 4 {
			return nil, boom
		}
		return open(h)
	})
	if !errors.Is(err, boom) || flow.IsPermanent(err) || *n != 0 {
		t.Errorf("%v, %d are left open", err, *n)
	}
}
