package job

import (
	"slices"
	"strings"
	"testing"
	"time"

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

func TestBackoff(t *testing.T) {
	b := backoff{Restart: Restart{Initial: time.Second, Max: 10 * time.Second, Limit: 6}}
	var got []time.Duration
	for range 6 {
		pause, v := b.next(false, failure{})
		if v != restart {
			t.Fatal("ended early")
		}
		got = append(got, pause/time.Second)
	}
	if want := []time.Duration{1, 2, 4, 8, 10, 10}; !slices.Equal(got, want) {
		t.Errorf("pauses %v, want %v", got, want)
	}
	if _, v := b.next(false, failure{}); v != tooMany {
		t.Error("a seventh restart, 6 are allowed")
	}
	if pause, v := b.next(true, failure{}); v != restart || pause != time.Second {
		t.Errorf("after progress: %v %d, want 1s", pause, v)
	}
	b = backoff{Restart: Restart{Initial: time.Minute, Max: time.Second, Limit: 1}}
	if pause, v := b.next(false, failure{}); v != restart || pause != time.Second {
		t.Errorf("the first pause is %v, %d, and none is to be more than 1s", pause, v)
	}
}

// The metadata does not depend on the order in which acknowledgements came.
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
	if encode() != first {
		t.Error("another order of acknowledgements makes other metadata")
	}
}
