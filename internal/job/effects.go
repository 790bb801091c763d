package job

import (
	"github.com/weirstream/weir/checkpoint"
	"github.com/weirstream/weir/internal/flow"
	"github.com/weirstream/weir/internal/task"
)

// effects counts which tasks have made the effects of a checkpoint visible.
type effects struct {
	tasks int
	id    checkpoint.ID // the last complete checkpoint
	any   bool          // it has effects
	n     int           // how many tasks have made theirs visible
}

// begin says that a checkpoint is complete, and whether it has effects. Effects of earlier
// checkpoints that are not visible yet become visible with it.
func (e *effects) begin(id checkpoint.ID, any bool) { e.id, e.any, e.n = id, any, 0 }

// visible takes in that a task has made its effects of a checkpoint visible. It reports
// whether the checkpoint has effects and all of them are visible now.
func (e *effects) visible(id checkpoint.ID) bool {
	if id != e.id {
		return false // there is a later complete checkpoint
	}
	e.n++
	return e.n == e.tasks && e.any
}

// hasPrepared reports whether a sink has prepared something for a checkpoint.
func hasPrepared(parts []task.Part) bool {
	for _, p := range parts {
		for _, s := range p.States {
			h := s.State.ManagedOperator
			if h == nil {
				continue
			}
			for _, m := range h.States {
				if m.Name == flow.PreparedState && len(m.Offsets) > 0 {
					return true
				}
			}
		}
	}
	return false
}
