package weir

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/weirstream/weir/checkpoint"
	"github.com/weirstream/weir/internal/flow"
)

// sourceSteps drives the head of a source's chain.
type sourceSteps struct {
	t   *testing.T
	op  *sourceOp
	out noted[int64]
}

func newSourceSteps(t *testing.T, eventTime bool, restored ...flow.Split) *sourceSteps {
	t.Helper()
	ctx := testContext()
	ctx.EventTime = eventTime
	if restored != nil {
		list := flow.ListState{Name: flow.SplitsState}
		for _, s := range restored {
			list.Elements = append(list.Elements, flow.AppendSplit(nil, s))
		}
		ctx.Restored = &flow.Restored{Lists: []flow.ListState{list}}
	}
	s := &sourceSteps{t: t}
	var err error
	if s.op, err = newSourceOp(ctx, "in", &s.out); err != nil {
		t.Fatal(err)
	}
	return s
}

func (s *sourceSteps) push(f flow.Fetched) {
	s.t.Helper()
	if err := s.op.Push(0, &f); err != nil {
		s.t.Fatal(err)
	}
}

func (s *sourceSteps) begin(ids ...string) {
	s.t.Helper()
	for _, id := range ids {
		s.push(flow.Fetched{Split: id, Begin: true})
	}
	s.push(flow.Fetched{Begin: true})
}

// snapshot returns what a checkpoint holds: the splits, with positions and watermarks.
func (s *sourceSteps) snapshot(id checkpoint.ID) string {
	s.t.Helper()
	snap, err := s.op.Snapshot(id)
	if err != nil {
		s.t.Fatal(err)
	}
	return s.splits(snap.Lists[0].Elements)
}

func (s *sourceSteps) splits(elements [][]byte) string {
	s.t.Helper()
	var all []string
	for _, e := range elements {
		split, err := flow.DecodeSplit(e)
		if err != nil {
			s.t.Fatalf("element %q: %v", e, err)
		}
		all = append(all, describeSplit(split))
	}
	slices.Sort(all)
	return strings.Join(all, " ")
}

func describeSplit(s flow.Split) string {
	if s.Watermark == MinTime {
		return fmt.Sprintf("%s=%s", s.ID, s.Position)
	}
	return fmt.Sprintf("%s=%s@%d", s.ID, s.Position, s.Watermark)
}

// fetched is what a reader has read: records with these timestamps, the position after them, and
// the mark.
func (s *sourceSteps) fetched(split, position string, mark Time, times ...Time) flow.Fetched {
	f := flow.Fetched{Split: split, Position: []byte(position), Mark: flow.Mark{Time: mark}}
	if len(times) > 0 {
		f.Batch = timedInts(times...)
	}
	return f
}

// A checkpoint holds the position of each split as it was at the barrier, also of one that has
// moved without records, and how far event time has come in it.
func TestSourceKeepsPositions(t *testing.T) {
	s := newSourceSteps(t, true, flow.Split{ID: "a", Position: []byte("1"), Watermark: 10}, flow.Split{ID: "b", Position: []byte("1"), Watermark: MinTime})
	for i, step := range []struct {
		do   func()
		want string
	}{
		{func() {}, "a=1@10 b=1"},
		{func() { s.push(s.fetched("a", "2", 20, 21)) }, "a=2@20 b=1"},
		{func() { s.push(s.fetched("a", "3", 15)) }, "a=3@20 b=1"}, // a watermark does not fall
		{func() {}, "a=3@20 b=1"},
		{func() { s.push(s.fetched("c", "1", 5, 6)) }, "a=3@20 b=1 c=1@5"},
		{func() { s.push(s.fetched("c", "2", 5, 6)); s.push(flow.Fetched{Split: "a", Forget: true}) }, "b=1 c=2@5"}, // c takes the place of a
		{func() { s.push(s.fetched("c", "3", 5, 6)) }, "b=1 c=3@5"},
		{func() { s.push(flow.Fetched{Split: "c", Forget: true}); s.push(flow.Fetched{Split: "c", Forget: true}) }, "b=1"},
		{func() { s.push(s.fetched("a", "9", MinTime)) }, "a=9 b=1"}, // a new one under the old name
		{func() { s.push(s.fetched("b", "2", MinTime)); s.push(s.fetched("d", "1", MinTime)) }, "a=9 b=2 d=1"},
	} {
		step.do()
		if got := s.snapshot(checkpoint.ID(i + 1)); got != step.want {
			t.Errorf("step %d: the checkpoint has %q, want %q", i, got, step.want)
		}
	}
}

// Readers are told the positions in the checkpoint that is complete, and not those of a later
// one that is on its way.
func TestPositionsOfACompleteCheckpoint(t *testing.T) {
	s := newSourceSteps(t, false)
	positions := func(id checkpoint.ID) string {
		var all []string
		for _, p := range s.op.Positions(id) {
			all = append(all, describeSplit(p))
		}
		if err := s.op.Complete(id); err != nil {
			t.Fatal(err)
		}
		return strings.Join(all, " ")
	}
	for i := range 5 {
		s.push(s.fetched("a", fmt.Sprint(i+1), MinTime, 1))
		s.snapshot(checkpoint.ID(i + 1))
	}
	for _, tt := range []struct {
		id   checkpoint.ID
		want string
		left int
	}{{2, "a=2", 3}, {2, "", 3}, {4, "a=4", 1}, {3, "", 1}, {5, "a=5", 0}, {6, "", 0}} {
		if got := positions(tt.id); got != tt.want || len(s.op.taken) != tt.left {
			t.Errorf("checkpoint %d: %q, and %d are kept; want %q and %d", tt.id, got, len(s.op.taken), tt.want, tt.left)
		}
	}
}

// Event time in a subtask comes as far as in the split that is furthest behind, from the first
// record on; a split that has ended, or was forgotten, does not hold it back. Marks come after
// the records that they are about.
func TestEventTimeOfASource(t *testing.T) {
	s := newSourceSteps(t, true, flow.Split{ID: "a", Watermark: 100}, flow.Split{ID: "b", Watermark: 200})
	s.begin("a", "b")
	s.out.wants(t, "restored", "mark 100")
	s.push(s.fetched("a", "1", 300, 301))
	s.out.wants(t, "b is behind", "301@301", "mark 200")
	s.push(flow.Fetched{Split: "c", Begin: true})
	s.push(flow.Fetched{Split: "c", Begin: true}) // again: it is one channel
	s.push(s.fetched("b", "1", 300, 301))
	s.out.wants(t, "c is behind", "301@301")
	s.push(s.fetched("c", "1", 250, 251))
	s.out.wants(t, "c has caught up with 250", "251@251", "mark 250")
	ended := s.fetched("c", "2", 260, 261)
	ended.Ended = true
	s.push(ended)
	s.out.wants(t, "c has ended", "261@261", "mark 300")
	s.push(s.fetched("b", "2", 400, 401))
	s.out.wants(t, "a is behind", "401@401")
	s.push(flow.Fetched{Split: "a", Forget: true})
	s.out.wants(t, "a was forgotten", "mark 400")
	s.push(s.fetched("b", "3", 500, 501))
	s.out.wants(t, "b alone", "501@501", "mark 500")
	s.push(flow.Fetched{Split: "c", Begin: true}) // it is read again
	s.push(s.fetched("b", "4", 600, 601))
	s.push(s.fetched("c", "3", 600, 601))
	s.out.wants(t, "c is back", "601@601", "601@601", "mark 600")
	idle := s.fetched("b", "4", 600)
	idle.Mark.Idle = true
	s.push(idle)
	s.push(s.fetched("c", "4", 700, 701))
	s.out.wants(t, "b is idle", "701@701", "mark 700")
	boom := errors.New("boom")
	s.out.err = boom
	f := s.fetched("c", "5", 800, 801)
	if err := s.op.Push(0, &f); err != boom {
		t.Errorf("an operator further down fails: %v", err)
	}
}
