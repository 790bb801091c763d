package weir

import "github.com/weirstream/weir/internal/plan"

// Package run gets a job's plan by plan.Of, so that the plan is not part of this package's
// interface. Later changes of the job do not reach what it gets.
func init() {
	plan.Of = func(job any) *plan.Plan { return job.(*Job).p().Clone() }
}
