package job

import (
	"fmt"

	"github.com/weirstream/weir/checkpoint"
	"github.com/weirstream/weir/checkpoint/store"
)

// operatorName returns the name of an operator in a checkpoint, with its kind, or its id if
// the checkpoint has no names.
func operatorName(cp *store.Checkpoint, id checkpoint.OperatorID) string {
	if o, ok := cp.Names.Operator(id); ok {
		return fmt.Sprintf("%q (a %s)", o.Name, o.Kind)
	}
	return id.String()
}
