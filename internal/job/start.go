package job

import (
	"context"
	"fmt"

	"github.com/weirstream/weir/checkpoint"
	"github.com/weirstream/weir/checkpoint/store"
	"github.com/weirstream/weir/flink"
	"github.com/weirstream/weir/internal/flow"
	"github.com/weirstream/weir/internal/plan"
	"github.com/weirstream/weir/internal/task"
)

// A start is the state that an attempt begins with, opened, for each node of the plan.
type start struct {
	from      checkpoint.ID // 0: nothing is restored
	dir       string        // of that checkpoint
	committed bool          // all prepared output in it is visible, and the store knows it
	states    map[plan.NodeID]*task.State
	maxParal  map[plan.NodeID]int
	shares    map[plan.NodeID][]share // of source nodes, per subtask
}

// An UnfitError says that a checkpoint does not fit the job. Nothing has run.
type UnfitError struct {
	Checkpoint checkpoint.ID
	Err        error
}

func (e *UnfitError) Error() string {
	return fmt.Sprintf("checkpoint %d does not fit the job: %v", e.Checkpoint, e.Err)
}

func (e *UnfitError) Unwrap() error { return e.Err }

// Permanent reports that a restart does not help.
func (e *UnfitError) Permanent() bool { return true }

// newStart opens the state of every node. cp is nil if the job starts without a checkpoint.
func newStart(cfg *Config, cp *store.Checkpoint) (_ *start, err error) {
	s := &start{
		states:   make(map[plan.NodeID]*task.State),
		maxParal: make(map[plan.NodeID]int),
		shares:   make(map[plan.NodeID][]share),
	}
	defer func() {
		if err != nil {
			s.close()
		}
	}()
	for _, n := range cfg.Plan.Nodes {
		s.maxParal[n.ID] = cfg.MaxParallelism
		if cfg.MaxParallelism == 0 {
			s.maxParal[n.ID] = flink.DefaultMaxParallelism(n.ParallelismOf(cfg.Parallelism))
		}
	}
	if cp == nil {
		return s, nil
	}
	s.from, s.dir, s.committed = cp.ID, cp.Dir, cp.Committed
	nodes := make(map[checkpoint.OperatorID]*plan.Node)
	for _, n := range cfg.Plan.Nodes {
		nodes[n.OperatorID()] = n
	}
	for i := range cp.Meta.Operators {
		op := &cp.Meta.Operators[i]
		n := nodes[op.ID]
		if n == nil {
			if err := s.leaveOut(cfg, cp, op); err != nil {
				return nil, err
			}
			continue
		}
		if err := s.open(cfg, cp, op, n); err != nil {
			return nil, err
		}
	}
	return s, nil
}

func (s *start) open(cfg *Config, cp *store.Checkpoint, op *flink.OperatorState, n *plan.Node) error {
	state, err := task.OpenState(op, cp.OpenStream)
	if flow.IsPermanent(err) {
		return &UnfitError{cp.ID, fmt.Errorf("operator %s: %w", n.Label(), err)}
	}
	if err != nil {
		return fmt.Errorf("checkpoint %d: operator %s: %w", cp.ID, n.Label(), err)
	}
	s.states[n.ID] = state
	if !state.Keyed() {
		return nil
	}
	switch p := n.ParallelismOf(cfg.Parallelism); {
	case p > op.MaxParallelism:
		return &UnfitError{cp.ID, fmt.Errorf("operator %s was written with max parallelism %d, which is too little for %d subtasks: run it with a parallelism of %d at most", n.Label(), op.MaxParallelism, p, op.MaxParallelism)}
	case cfg.MaxParallelism != 0 && cfg.MaxParallelism != op.MaxParallelism:
		return &UnfitError{cp.ID, fmt.Errorf("operator %s was written with max parallelism %d, and the job asks for %d: it cannot be changed while the state is kept", n.Label(), op.MaxParallelism, cfg.MaxParallelism)}
	}
	s.maxParal[n.ID] = op.MaxParallelism
	return nil
}

// hasState reports whether a checkpoint has state of an operator.
func hasState(op *flink.OperatorState) bool {
	for i := range op.Subtasks {
		sub := &op.Subtasks[i]
		if sub.ManagedKeyed != nil || sub.RawKeyed != nil || sub.ManagedOperator != nil || sub.RawOperator != nil {
			return true
		}
	}
	return op.Coordinator != nil
}

// preparedIn returns the prepared output in a checkpoint, for each sink of the plan.
func preparedIn(p *plan.Plan, cp *store.Checkpoint) (map[plan.NodeID][][]byte, error) {
	prepared := make(map[plan.NodeID][][]byte)
	for _, n := range p.Nodes {
		if n.Sink == nil {
			continue
		}
		for i := range cp.Meta.Operators {
			if cp.Meta.Operators[i].ID != n.OperatorID() {
				continue
			}
			state, err := task.OpenState(&cp.Meta.Operators[i], cp.OpenStream)
			if err != nil {
				return nil, fmt.Errorf("checkpoint %d: operator %s: %w", cp.ID, n.Label(), err)
			}
			prepared[n.ID] = state.List(flow.PreparedState)
			state.Close()
		}
	}
	return prepared, nil
}

// dealSplits lists the splits of every source and gives them to subtasks. If forget is true it
// drops the splits in cfg.ForgetSplits: the checkpoint still has them.
func (s *start) dealSplits(ctx context.Context, cfg *Config, forget bool) error {
	for _, n := range cfg.Plan.Nodes {
		if n.Source == nil {
			continue
		}
		var forgotten []string
		if forget {
			forgotten = cfg.ForgetSplits[n.Name]
		}
		known, err := known(s.states[n.ID].List(flow.SplitsState), forgotten)
		if err != nil {
			return fmt.Errorf("source %s: %w", n.Label(), err)
		}
		listed, err := n.Source.Splits(ctx, known)
		if err != nil {
			return err
		}
		shares, err := deal(known, listed, n.ParallelismOf(cfg.Parallelism))
		if err != nil {
			return fmt.Errorf("source %s: %w", n.Label(), err)
		}
		s.warnGone(cfg, n, shares)
		s.shares[n.ID] = shares
	}
	return nil
}

// warnGone logs how many known splits the source does not list any more.
func (s *start) warnGone(cfg *Config, n *plan.Node, shares []share) {
	gone, first := 0, ""
	for _, sh := range shares {
		for _, g := range sh.gone {
			if gone++; first == "" || g.ID < first {
				first = g.ID
			}
		}
	}
	if gone > 0 {
		cfg.Log.Warn("splits the checkpoint knows are no longer there; their positions are kept", "source", n.Label(), "splits", gone, "first", first)
	}
}

// restored returns the state that one subtask of a node starts from, nil if there is none.
func (s *start) restored(n *plan.Node, subtask int, r checkpoint.KeyGroupRange) *flow.Restored {
	var restored *flow.Restored
	if state := s.states[n.ID]; state != nil {
		restored = state.For(r)
	}
	if shares := s.shares[n.ID]; shares != nil {
		if restored == nil {
			restored = &flow.Restored{}
		}
		restored.Lists = append(restored.Lists, flow.ListState{Name: flow.SplitsState, Elements: shares[subtask].state})
	}
	return restored
}

// close closes the state files.
func (s *start) close() {
	for _, state := range s.states {
		state.Close()
	}
}
