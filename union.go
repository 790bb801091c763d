package weir

import "github.com/weirstream/weir/internal/plan"

// Union joins streams of one type into one. The order of records of one stream is kept,
// that between the streams is not defined.
func Union[T any](first Stream[T], others ...Stream[T]) Stream[T] {
	job := first.owner()
	inputs := []plan.Edge{first.forward()}
	for _, s := range others {
		if err := sameJob(job, s.owner(), "union"); err != nil {
			job.p().Fail(err)
			continue
		}
		inputs = append(inputs, s.forward())
	}
	return add[T](job, &plan.Node{Kind: plan.KindUnion, Inputs: inputs})
}
