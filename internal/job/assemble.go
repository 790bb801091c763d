package job

import (
	"cmp"
	"slices"

	"github.com/weirstream/weir/checkpoint"
	"github.com/weirstream/weir/checkpoint/store"
	"github.com/weirstream/weir/flink"
	"github.com/weirstream/weir/internal/plan"
	"github.com/weirstream/weir/internal/task"
)

// namesOf are the words for what the checkpoints of a plan refer to by ids.
func namesOf(p *plan.Plan) checkpoint.Names {
	operators := make([]checkpoint.OperatorName, len(p.Nodes))
	for i, n := range p.Nodes {
		operators[i] = checkpoint.OperatorName{ID: n.OperatorID(), Name: n.Label(), Kind: n.Kind}
	}
	return checkpoint.NewNames(p.Name, operators)
}

// assemble makes the metadata of a checkpoint from the parts that the tasks have
// acknowledged. Its order does not depend on the order of the parts.
func assemble(id checkpoint.ID, parts []task.Part, parallelism, maxParallelism func(checkpoint.OperatorID) int) (*flink.Metadata, []store.Blob) {
	m := &flink.Metadata{Version: 3, CheckpointID: id}
	index := make(map[checkpoint.OperatorID]int)
	var blobs []store.Blob
	for _, p := range parts {
		blobs = append(blobs, p.Blobs...)
		for _, s := range p.States {
			i, ok := index[s.ID]
			if !ok {
				i = len(m.Operators)
				index[s.ID] = i
				m.Operators = append(m.Operators, flink.OperatorState{
					ID: s.ID, Parallelism: parallelism(s.ID), MaxParallelism: maxParallelism(s.ID),
				})
			}
			m.Operators[i].Subtasks = append(m.Operators[i].Subtasks, s.State)
		}
	}
	for _, op := range m.Operators {
		slices.SortFunc(op.Subtasks, func(a, b flink.SubtaskState) int { return cmp.Compare(a.Index, b.Index) })
	}
	slices.SortFunc(m.Operators, func(a, b flink.OperatorState) int { return slices.Compare(a.ID[:], b.ID[:]) })
	return m, blobs
}
