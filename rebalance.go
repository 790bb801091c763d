package weir

import "github.com/weirstream/weir/internal/plan"

// Rebalance sends the records to all subtasks of the next operator in turn, batch by batch. It
// is for a source with fewer splits than subtasks, or with splits of unequal size. It does not
// keep the order of records.
func Rebalance[T any](in Stream[T]) Stream[T] {
	return add[T](in.owner(), &plan.Node{
		Kind:   "rebalance",
		Inputs: []plan.Edge{in.exchanged(in.edge(plan.Rebalance), "rebalance")},
	})
}
