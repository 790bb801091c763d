package job

import (
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/weirstream/weir/checkpoint"
	"github.com/weirstream/weir/flink"
	"github.com/weirstream/weir/internal/flow"
	"github.com/weirstream/weir/internal/task"
)

// Every split that is known or listed is given to exactly one subtask, with its position. A
// known split that is not listed any more is kept, and not read.
func TestDeal(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		ids := rapid.SliceOfDistinct(rapid.StringMatching(`[a-z]{1,3}`), rapid.ID).Draw(t, "ids")
		knownAt := make(map[string][]byte)
		var restored [][]byte
		var listed []string
		for _, id := range ids {
			if rapid.Bool().Draw(t, "known") {
				knownAt[id] = []byte(rapid.StringN(1, 5, 10).Draw(t, "position"))
				restored = append(restored, flow.AppendSplit(nil, flow.Split{ID: id, Position: knownAt[id]}))
			}
			if rapid.Bool().Draw(t, "listed") {
				listed = append(listed, id)
			}
		}
		parallelism := rapid.IntRange(1, 4).Draw(t, "parallelism")
		before, err := known(restored, nil)
		if err != nil {
			t.Fatal(err)
		}
		var read1 []flow.Split
		for _, id := range listed {
			read1 = append(read1, flow.Split{ID: id, Position: knownAt[id]})
		}
		shares, err := deal(before, flow.Listing{Read: read1}, parallelism)
		if err != nil {
			t.Fatal(err)
		}
		state, read := make(map[string]bool), make(map[string]bool)
		least, most := len(ids), 0
		for _, sh := range shares {
			for _, e := range sh.state {
				s, err := flow.DecodeSplit(e)
				if err != nil || state[s.ID] || string(s.Position) != string(knownAt[s.ID]) {
					t.Fatalf("split %+v: dealt twice, or at another position, or not readable: %v", s, err)
				}
				state[s.ID] = true
			}
			for _, s := range sh.read {
				if read[s.ID] || !slices.Contains(listed, s.ID) {
					t.Fatalf("split %s is read twice or though it is gone", s.ID)
				}
				read[s.ID] = true
			}
			least, most = min(least, len(sh.state)), max(most, len(sh.state))
		}
		for _, id := range ids {
			if _, isKnown := knownAt[id]; (isKnown || slices.Contains(listed, id)) != state[id] {
				t.Fatalf("split %s: known %t, in a share %t", id, isKnown, state[id])
			}
		}
		if len(read) != len(listed) || most-least > 1 {
			t.Fatalf("%d of %d listed splits are read; shares of %d to %d", len(read), len(listed), least, most)
		}
	})
}

func TestDealRefuses(t *testing.T) {
	twice := flow.AppendSplit(nil, flow.Split{ID: "a"})
	for want, call := range map[string]func() error{
		"twice": func() error { _, err := known([][]byte{twice, twice}, nil); return err },
		"listed twice": func() error {
			_, err := deal(nil, flow.Listing{Read: []flow.Split{{ID: "a"}, {ID: "a"}}}, 1)
			return err
		},
		"empty id":      func() error { _, err := deal(nil, flow.Listing{Read: []flow.Split{{}}}, 1); return err },
		"12":            func() error { _, err := known([][]byte{{1, 2}}, nil); return err },
		"no such split": func() error { _, err := known([][]byte{twice}, []string{"b"}); return err },
	} {
		if err := call(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
}

// The metadata does not depend on the order in which acknowledgements came, nor on that of the
// operators in them.
func TestAssembleIsInOrder(t *testing.T) {
	a, b := flink.OperatorIDOf("a"), flink.OperatorIDOf("b")
	var parts []task.Part
	for s := range 3 {
		parts = append(parts, task.Part{ID: 7, States: []task.OperatorState{
			{ID: a, State: flink.SubtaskState{Index: checkpoint.Subtask(s)}},
			{ID: b, State: flink.SubtaskState{Index: checkpoint.Subtask(s)}},
		}})
	}
	encode := func() string {
		m, _ := assemble(7, parts, func(checkpoint.OperatorID) int { return 3 }, func(checkpoint.OperatorID) int { return 128 })
		data, err := m.AppendTo(nil)
		if err != nil {
			t.Fatal(err)
		}
		return string(data)
	}
	first := encode()
	slices.Reverse(parts)
	slices.Reverse(parts[0].States)
	if encode() != first {
		t.Error("another order of acknowledgements makes other metadata")
	}
}

// The effects of a checkpoint are visible when all tasks have made theirs visible, of the last
// complete checkpoint, and only if there are any.
func TestEffects(t *testing.T) {
	e := effects{tasks: 2}
	for i, step := range []struct {
		begin, visible checkpoint.ID
		any, want      bool
	}{
		{begin: 1, any: true},
		{visible: 1},
		{visible: 1, want: true},
		{begin: 2, any: true},
		{visible: 2},
		{begin: 3, any: true}, // before the other task has heard of 2
		{visible: 2},
		{visible: 3},
		{visible: 3, want: true},
		{begin: 4},
		{visible: 4},
		{visible: 4},
	} {
		if step.begin != 0 {
			e.begin(step.begin, step.any)
		} else if got := e.visible(step.visible); got != step.want {
			t.Errorf("step %d: %t, want %t", i, got, step.want)
		}
	}
}

// A phase of a checkpoint is that of the task that took longest; sizes add up.
func TestPhases(t *testing.T) {
	var p Phases
	p.add(task.Phases{Alignment: 1, Synchronous: 20, Write: 3, Sync: 40, Bytes: 5})
	p.add(task.Phases{Alignment: 10, Synchronous: 2, Write: 30, Sync: 4, Bytes: 50})
	if want := (task.Phases{Alignment: 10, Synchronous: 20, Write: 30, Sync: 40, Bytes: 55}); p.Phases != want {
		t.Errorf("%+v, want %+v", p.Phases, want)
	}
}

// The records of a job are those that its sources have read, in all attempts.
func TestMonitor(t *testing.T) {
	var m Monitor
	tasks := func(read int64) func() []TaskView {
		return func() []TaskView {
			return []TaskView{{Source: true, Records: read}, {Source: true, Records: read}, {Records: 1000}}
		}
	}
	for i, step := range []struct {
		do      func()
		records int64
		attempt int
		tasks   int
	}{
		{func() {}, 0, 0, 0},
		{func() { m.begin(tasks(1), nil) }, 2, 1, 3},
		{m.end, 2, 1, 0},
		{m.end, 2, 1, 0},
		{func() { m.begin(tasks(20), nil) }, 42, 2, 3},
		{m.end, 42, 2, 0},
	} {
		step.do()
		if v := m.View(); v.Records != step.records || v.Attempt != step.attempt || len(v.Tasks) != step.tasks {
			t.Errorf("step %d: %+v", i, v)
		}
	}
}

// What is put after the end of an attempt is dropped: nothing would take it.
func TestEvents(t *testing.T) {
	e := newEvents()
	e.put(1)
	e.put(2)
	<-e.ready
	if got := e.take(); !slices.Equal(got, []any{1, 2}) || len(e.ready) > 0 {
		t.Errorf("took %v", got)
	}
	e.close()
	e.put(3)
	if got := e.take(); len(got) > 0 || len(e.ready) > 0 {
		t.Errorf("took %v after the end", got)
	}
}
