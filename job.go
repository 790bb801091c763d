package weir

import (
	"errors"
	"fmt"
	"io"

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

// Name returns the name the job was given.
func (j *Job) Name() string { return j.p().Name }

// Check returns everything that is wrong with the job as it is written down: a missing
// source, sink or function, two operators of one name, an output that nothing reads, a
// type that cannot be kept as state or sent from one subtask to another. Each complaint
// begins with the file and line that wrote it down. Running a job checks it first.
func (j *Job) Check() error {
	if j == nil {
		return errNoJob
	}
	if err := j.p().Check(); err != nil {
		return fmt.Errorf("job %s: %w", j.Name(), err)
	}
	return nil
}

// WritePlan writes the job as text: a line for each chain of operators that run together,
// and below it where its input comes from. parallelism is that of operators without one of
// their own.
func (j *Job) WritePlan(w io.Writer, parallelism int) error {
	if err := j.Check(); err != nil {
		return err
	}
	return j.p().Dump(w, parallelism)
}

var errNoJob = errors.New("the job was not made by NewJob, or a stream does not come from From: a zero Job or Stream has nothing in it")

// p returns the plan of the job. A job that was not made by NewJob gets one that says so.
func (j *Job) p() *plan.Plan {
	if j == nil {
		return &plan.Plan{Err: errNoJob}
	}
	if j.plan == nil {
		j.plan = &plan.Plan{Err: errNoJob}
	}
	return j.plan
}

// last returns the node that was added last.
func (j *Job) last() *plan.Node { return j.plan.Nodes[len(j.plan.Nodes)-1] }
