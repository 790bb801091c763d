package job

import (
	"fmt"

	"github.com/weirstream/weir/checkpoint/store"
	"github.com/weirstream/weir/flink"
	"github.com/weirstream/weir/internal/flow"
	"github.com/weirstream/weir/internal/task"
)

// leaveOut decides about the state of an operator that the checkpoint has and the plan does
// not. If it is allowed, leaveOut logs that the state is dropped; otherwise it refuses the
// checkpoint. Prepared output that may not be visible yet is not dropped with other state:
// it has an option of its own.
func (s *start) leaveOut(cfg *Config, cp *store.Checkpoint, op *flink.OperatorState) error {
	if !hasState(op) {
		return nil
	}
	who := operatorName(cp, op.ID)
	prepared, err := preparedOf(cp, op)
	if err != nil {
		return fmt.Errorf("checkpoint %d: operator %s: %w", cp.ID, who, err)
	}
	if len(prepared) > 0 && !s.committed {
		if !cfg.DropPrepared {
			return &UnfitError{cp.ID, fmt.Errorf("it has prepared output, not visible yet, of sink %s, which the job does not have: the sink was renamed or removed. "+
				"Give it its old name back and run the job once, so that the output becomes visible; "+
				"to lose that output, set Options.DropPreparedOutput", who)}
		}
		cfg.Log.Warn("prepared output of a sink that the job does not have any more is dropped", "checkpoint", cp.ID, "sink", who, "parts", len(prepared))
	}
	if !moreThanPrepared(op) { // nothing is lost
		return nil
	}
	if !cfg.AllowNonRestored {
		return &UnfitError{cp.ID, fmt.Errorf("it has state of operator %s, which the job does not have: was the operator renamed or removed? "+
			"Give it its old name back, or drop its state with Options.AllowNonRestoredState", who)}
	}
	for _, state := range statesOf(cp, op) {
		cfg.Log.Warn("state is dropped: the job does not have its operator", "checkpoint", cp.ID, "operator", who, "state", state.name, "entries", state.entries)
	}
	return nil
}

// preparedOf returns the prepared output of an operator; none if it is not a sink.
func preparedOf(cp *store.Checkpoint, op *flink.OperatorState) ([][]byte, error) {
	if !hasList(op, flow.PreparedState) {
		return nil, nil
	}
	state, err := task.OpenState(op, cp.OpenStream)
	if err != nil {
		return nil, err
	}
	defer state.Close()
	return state.List(flow.PreparedState), nil
}

// hasList reports whether an operator has operator state of a name.
func hasList(op *flink.OperatorState, name string) bool {
	for i := range op.Subtasks {
		if h := op.Subtasks[i].ManagedOperator; h != nil {
			for _, s := range h.States {
				if s.Name == name {
					return true
				}
			}
		}
	}
	return false
}

// moreThanPrepared reports whether an operator has other state than prepared output.
func moreThanPrepared(op *flink.OperatorState) bool {
	for i := range op.Subtasks {
		sub := &op.Subtasks[i]
		if sub.ManagedKeyed != nil || sub.RawKeyed != nil || sub.RawOperator != nil {
			return true
		}
		if h := sub.ManagedOperator; h != nil {
			for _, s := range h.States {
				if s.Name != flow.PreparedState {
					return true
				}
			}
		}
	}
	return op.Coordinator != nil
}

// counted is the name of a state and the number of its entries.
type counted struct {
	name    string
	entries int
}

// statesOf counts the entries of each state of an operator, for the log. It leaves out what
// it cannot read.
func statesOf(cp *store.Checkpoint, op *flink.OperatorState) (states []counted) {
	count := func(name string, n int) {
		for i := range states {
			if states[i].name == name {
				states[i].entries += n
				return
			}
		}
		states = append(states, counted{name, n})
	}
	for i := range op.Subtasks {
		sub := &op.Subtasks[i]
		if h := sub.ManagedOperator; h != nil {
			for _, s := range h.States {
				count(s.Name, len(s.Offsets))
			}
		}
		if h, ok := sub.ManagedKeyed.(*flink.KeyGroupsHandle); ok {
			countKeyed(cp, h, count)
		}
	}
	return states
}

func countKeyed(cp *store.Checkpoint, h *flink.KeyGroupsHandle, count func(name string, n int)) {
	data, err := cp.OpenStream(h.Data)
	if err != nil {
		return
	}
	defer data.Close()
	r, err := flink.NewKeyedReader(h, data, data.Size())
	if err != nil {
		return
	}
	for _, s := range r.Header().States {
		count(s.Name, 0)
	}
	for e, err := range r.Entries() {
		if err != nil {
			return
		}
		count(e.State.Name, 1)
	}
}
