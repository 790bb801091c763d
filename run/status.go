package run

import (
	"fmt"
	"time"

	"github.com/weirstream/weir"
	"github.com/weirstream/weir/internal/coordinator"
	"github.com/weirstream/weir/internal/job"
)

// A Monitor shows a job while it runs. The zero value is ready; give it to Options.
type Monitor struct{ inner job.Monitor }

// A Status shows a job at one moment. Its JSON form is stable: fields may be added, and
// existing ones keep their names and meanings.
type Status struct {
	// Attempt counts the attempts of this run, from 1; 0 before the first one runs.
	Attempt int `json:"attempt"`
	// Restored is the checkpoint that the run began with, 0 for nothing.
	Restored weir.CheckpointID `json:"restored,omitempty"`
	// Records is how many records the sources have read in this run. Records that were read
	// again after a restart count again.
	Records int64 `json:"records"`
	// Completed is how many checkpoints this run has completed.
	Completed int `json:"completed"`
	// Failed is how many checkpoints have failed in this run, Causes how many for each
	// reason: expired, declined, not triggered, not finalized, outcome unknown.
	Failed int            `json:"failed"`
	Causes map[string]int `json:"causes,omitempty"`
	// LastComplete is the last complete checkpoint, 0 if there is none.
	LastComplete weir.CheckpointID `json:"last_complete,omitempty"`
	// Last has the figures of the last checkpoint that this run has completed.
	Last CheckpointStatus `json:"last"`
	// Failures is how many attempts have failed, for each reason: function, source, sink,
	// checkpoints, recovery, stuck, other. LastFailure is the error of the last one.
	Failures    map[string]int `json:"failures,omitempty"`
	LastFailure string         `json:"last_failure,omitempty"`
	// Tasks are the subtasks that run now.
	Tasks []TaskStatus `json:"tasks,omitempty"`
}

// A CheckpointStatus says how long a checkpoint took, and how large it is. Each phase of
// the subtasks is that of the subtask that took longest. Durations are in nanoseconds.
type CheckpointStatus struct {
	Took        time.Duration `json:"took_ns"`        // from its trigger until it was complete
	Alignment   time.Duration `json:"alignment_ns"`   // from the first barrier to the last
	Synchronous time.Duration `json:"synchronous_ns"` // freezing the state; the subtask processes nothing meanwhile
	Write       time.Duration `json:"write_ns"`       // encoding and writing state, while processing goes on
	Sync        time.Duration `json:"sync_ns"`        // making state files durable
	Publish     time.Duration `json:"publish_ns"`     // from the last acknowledgement until it was complete
	Bytes       int64         `json:"bytes"`          // of state
}

// A TaskStatus is one subtask of a chain of operators.
type TaskStatus struct {
	Name        string `json:"name"` // the operators, from the first to the last
	Subtask     int    `json:"subtask"`
	Parallelism int    `json:"parallelism"`
	// Source reports whether the chain begins with a source.
	Source  bool  `json:"source,omitempty"`
	Records int64 `json:"records"` // that have come in during this attempt
	Batches int64 `json:"batches"`
	// Idle is how long the subtask has waited for input, Blocked how long it has waited
	// because a channel to a receiver was full. The rest of the time it was busy. In
	// nanoseconds.
	Idle    time.Duration `json:"idle_ns"`
	Blocked time.Duration `json:"blocked_ns"`
	// Watermark is how far event time has come, MinTime without event time.
	Watermark weir.Time `json:"watermark"`
}

// Status returns the job as it is now.
func (m *Monitor) Status() Status { return statusOf(m.inner.View()) }

func statusOf(v job.View) Status {
	s := Status{
		Attempt: v.Attempt, Restored: v.Restored, Records: v.Records, Completed: v.Completed, Failed: v.Failed,
		LastComplete: v.LastComplete, LastFailure: v.LastFailure,
		Last: CheckpointStatus{
			Took: v.LastTook, Alignment: v.LastPhases.Alignment, Synchronous: v.LastPhases.Synchronous,
			Write: v.LastPhases.Write, Sync: v.LastPhases.Sync, Publish: v.LastPhases.Publish, Bytes: v.LastPhases.Bytes,
		},
	}
	for cause, n := range v.Causes {
		count(&s.Causes, coordinator.Cause(cause), n)
	}
	for kind, n := range v.Failures {
		count(&s.Failures, job.Kind(kind), n)
	}
	for _, t := range v.Tasks {
		s.Tasks = append(s.Tasks, TaskStatus(t))
	}
	return s
}

// count sets the number for a reason, unless it is 0.
func count(m *map[string]int, reason fmt.Stringer, n int) {
	if n == 0 {
		return
	}
	if *m == nil {
		*m = make(map[string]int)
	}
	(*m)[reason.String()] = n
}
