package job

import (
	"github.com/weirstream/weir/checkpoint"
	"github.com/weirstream/weir/checkpoint/store"
)

// committed reports whether the store knows that all prepared output in a checkpoint is
// visible.
func committed(cp *store.Checkpoint) bool { return false }

// remember notes durably that all prepared output in a checkpoint is visible.
func remember(s *store.Store, id checkpoint.ID) error { return nil }

// operatorName returns the name of an operator in a checkpoint.
func operatorName(cp *store.Checkpoint, id checkpoint.OperatorID) string { return id.String() }
