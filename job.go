package weir

import (
	"fmt"

	"github.com/weirstream/weir/internal/plan"
)

// A Job is a named plan: what is read, what is done with it and where it goes. It is
// written down with the package's functions and run by package run; by itself it does
// nothing.
//
// The name is the job's identity. Its checkpoints are found by it, so a job that is
// renamed starts anew.
type Job struct {
	plan *plan.Plan
}

// NewJob begins a job.
func NewJob(name string) *Job { return &Job{plan: &plan.Plan{Name: name}} }

// Name is the name the job was given.
func (j *Job) Name() string { return j.plan.Name }

// Check returns everything that is wrong with the job as it is written down: two
// operators of one name, an output that nobody reads, a type that has no codec. Running
// a job checks it first.
func (j *Job) Check() error {
	if err := j.plan.Check(); err != nil {
		return fmt.Errorf("job %s: %w", j.plan.Name, err)
	}
	return nil
}

// Plan is the job as the engine sees it.
func (j *Job) Plan() *plan.Plan { return j.plan }
