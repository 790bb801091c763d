package weir

import "github.com/weirstream/weir/internal/plan"

// Union merges streams of one type into one. Each record of each stream is in it once;
// the order within a stream is kept, that between the streams is not defined.
func Union[T any](first Stream[T], others ...Stream[T]) Stream[T] {
	inputs := []plan.Edge{first.forward()}
	for _, s := range others {
		if err := sameJob(first.job, s.job, "union"); err != nil {
			first.job.plan.Fail("%w", err)
			continue
		}
		inputs = append(inputs, s.forward())
	}
	return add[T](first.job, &plan.Node{Kind: plan.KindUnion, Inputs: inputs})
}
