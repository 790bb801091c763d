package job

import (
	"context"
	"fmt"
	"slices"

	"github.com/weirstream/weir/checkpoint"
	"github.com/weirstream/weir/checkpoint/store"
	"github.com/weirstream/weir/flink"
	"github.com/weirstream/weir/internal/flow"
	"github.com/weirstream/weir/internal/plan"
	"github.com/weirstream/weir/internal/task"
)

// A start is the state an attempt begins with, opened and given to nodes.
type start struct {
	from     checkpoint.ID // 0: nothing is restored
	dir      string        // of that checkpoint
	states   map[plan.NodeID]*task.State
	maxParal map[plan.NodeID]int
	shares   map[plan.NodeID][]share  // of source nodes, per subtask
	known    map[plan.NodeID][]string // the ids of all their splits, also of those that are gone
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

// Permanent says that a restart does not help.
func (e *UnfitError) Permanent() bool { return true }

// newStart opens the state of every node. cp is nil if the job starts with nothing.
func newStart(cfg *Config, cp *store.Checkpoint) (_ *start, err error) {
	s := &start{
		states:   make(map[plan.NodeID]*task.State),
		maxParal: make(map[plan.NodeID]int),
		shares:   make(map[plan.NodeID][]share),
		known:    make(map[plan.NodeID][]string),
	}
	defer func() {
		if err != nil {
			s.close()
		}
	}()
	for _, n := range cfg.Plan.Nodes {
		s.maxParal[n.ID] = cfg.MaxParallelism
		if cfg.MaxParallelism == 0 {
			s.maxParal[n.ID] = flink.DefaultMaxParallelism(cfg.Parallelism)
		}
	}
	if cp == nil {
		return s, nil
	}
	s.from, s.dir = cp.ID, cp.Dir
	nodes := make(map[checkpoint.OperatorID]*plan.Node)
	for _, n := range cfg.Plan.Nodes {
		nodes[n.OperatorID()] = n
	}
	for i := range cp.Meta.Operators {
		op := &cp.Meta.Operators[i]
		n := nodes[op.ID]
		if n == nil {
			if !hasState(op) || cfg.AllowNonRestored {
				continue
			}
			return nil, &UnfitError{cp.ID, fmt.Errorf("it has state of operator %s, which the job does not have: was the operator renamed or removed? Give it its old name back, or drop its state with --allow-non-restored-state", op.ID)}
		}
		if err := s.open(cfg, cp, op, n); err != nil {
			return nil, err
		}
	}
	return s, nil
}

func (s *start) open(cfg *Config, cp *store.Checkpoint, op *flink.OperatorState, n *plan.Node) error {
	state, err := task.OpenState(op, func(h flink.StreamHandle) (task.Stream, error) { return cp.OpenStream(h) })
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
	switch {
	case cfg.Parallelism > op.MaxParallelism:
		return &UnfitError{cp.ID, fmt.Errorf("operator %s was written with max parallelism %d, and %d subtasks cannot share that: run with --parallelism %d at the most", n.Label(), op.MaxParallelism, cfg.Parallelism, op.MaxParallelism)}
	case cfg.MaxParallelism != 0 && cfg.MaxParallelism != op.MaxParallelism:
		return &UnfitError{cp.ID, fmt.Errorf("operator %s was written with max parallelism %d, and the job asks for %d: it cannot be changed while the state is kept", n.Label(), op.MaxParallelism, cfg.MaxParallelism)}
	}
	s.maxParal[n.ID] = op.MaxParallelism
	return nil
}

// hasState tells whether anything would be lost if the operator were left out.
func hasState(op *flink.OperatorState) bool {
	for i := range op.Subtasks {
		sub := &op.Subtasks[i]
		if sub.ManagedKeyed != nil || sub.RawKeyed != nil || sub.ManagedOperator != nil || sub.RawOperator != nil {
			return true
		}
	}
	return op.Coordinator != nil
}

// recoverSinks commits what the checkpoint holds prepared, and what the newest one does if
// that is another, and undoes the rest.
func (a *attempt) recoverSinks(ctx context.Context) error {
	for _, n := range a.Plan.Nodes {
		if n.Sink == nil {
			continue
		}
		// A checkpoint that is both is committed twice, which does nothing the second time.
		prepared := slices.Concat(a.passedOver[n.ID], a.start.states[n.ID].List(flow.PreparedState))
		if err := n.Sink.Recover(ctx, prepared); err != nil {
			if len(prepared) > 0 && flow.IsPermanent(err) {
				err = a.wayOut(err)
			}
			return err
		}
	}
	return nil
}

// wayOut adds to what a sink cannot commit, and will not be able to after a restart, what is
// intact and the way to do without.
func (a *attempt) wayOut(err error) error {
	id, dir := a.start.from, a.start.dir
	if a.newest != nil {
		id, dir = a.newest.ID, a.newest.Dir
	}
	return fmt.Errorf("%w. What holds it prepared, checkpoint %d in %s, is itself intact. "+
		"To go on without that output, move that directory away and start again: the job goes back to the checkpoint before it, or begins anew if there is none; "+
		"what was processed since is processed again, and what is visible of that already appears a second time", err, id, dir)
}

// preparedIn returns what each sink of the plan has prepared in a checkpoint.
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
			state, err := task.OpenState(&cp.Meta.Operators[i], func(h flink.StreamHandle) (task.Stream, error) { return cp.OpenStream(h) })
			if err != nil {
				return nil, fmt.Errorf("checkpoint %d: operator %s: %w", cp.ID, n.Label(), err)
			}
			prepared[n.ID] = state.List(flow.PreparedState)
			state.Close()
		}
	}
	return prepared, nil
}

// dealSplits lists the splits of every source and gives them out.
func (s *start) dealSplits(ctx context.Context, cfg *Config) error {
	for _, n := range cfg.Plan.Nodes {
		if n.Source == nil {
			continue
		}
		listed, err := n.Source.Splits(ctx)
		if err != nil {
			return err
		}
		shares, err := deal(s.states[n.ID].List(flow.SplitsState), listed, cfg.Parallelism)
		if err != nil {
			return fmt.Errorf("source %s: %w", n.Label(), err)
		}
		known := listed
		for _, sh := range shares {
			for _, gone := range sh.gone {
				known = append(known, gone.ID)
			}
		}
		if gone := known[len(listed):]; len(gone) > 0 {
			cfg.Log.Warn("splits the checkpoint knows are no longer there; their positions are kept", "source", n.Label(), "splits", len(gone), "first", gone[0])
		}
		s.shares[n.ID] = shares
		s.known[n.ID] = known
	}
	return nil
}

// restored is what one subtask of a node starts from, nil at the first start of a job.
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
