package weirtest

import "fmt"

// A plan says when a run crashes without the script asking for it. The zero value is never.
type plan struct {
	step        int   // after this step of the script, counted from 1
	operation   int   // before this operation that changes the disk, counted from 1
	power       bool  // it is the power that fails
	parallelism []int // of the processes, in turn; nil for that of the script
}

// String is the name of the plan's test.
func (p plan) String() string {
	what := "crash"
	if p.power {
		what = "power cut"
	}
	if p.step > 0 {
		return fmt.Sprintf("%s after step %d", what, p.step)
	}
	return fmt.Sprintf("%s before operation %d", what, p.operation)
}
