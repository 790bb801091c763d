package job

import (
	"sync"
	"time"

	"github.com/weirstream/weir/checkpoint"
	"github.com/weirstream/weir/internal/coordinator"
	"github.com/weirstream/weir/internal/flow"
	"github.com/weirstream/weir/internal/metrics"
	"github.com/weirstream/weir/internal/task"
)

// A View shows a job at one moment.
type View struct {
	Attempt      int           // counts from 1
	Restored     checkpoint.ID // the checkpoint that the first attempt started from, 0 for none
	Records      int64         // read by the sources in this run, replayed ones included
	Completed    int           // checkpoints that this run has completed
	Failed       int           // checkpoints that have failed
	Causes       [coordinator.Causes]int
	LastComplete checkpoint.ID // 0 if there is none
	LastTook     time.Duration // from trigger to complete
	LastPhases   Phases        // of that checkpoint
	Failures     [Kinds]int    // of attempts
	LastFailure  string        // the error of the last attempt that failed
	Tasks        []TaskView    // of the attempt that runs
}

// Phases are the longest phases of a checkpoint among its tasks, and the sum of their sizes.
type Phases struct {
	task.Phases
	Publish time.Duration
}

// add takes in the phases of one task.
func (p *Phases) add(t task.Phases) {
	p.Alignment = max(p.Alignment, t.Alignment)
	p.Synchronous = max(p.Synchronous, t.Synchronous)
	p.Write = max(p.Write, t.Write)
	p.Sync = max(p.Sync, t.Sync)
	p.Bytes += t.Bytes
}

// A TaskView is one subtask of a chain of operators.
type TaskView struct {
	Name             string
	Subtask          int
	Parallelism      int
	Source           bool
	Records, Batches int64
	Idle, Blocked    time.Duration // waited for input, and for receivers
	Watermark        flow.Time
}

// A Monitor shows a job while it runs.
type Monitor struct {
	// Metrics are the figures of the job's operators.
	Metrics metrics.Registry

	mu      sync.Mutex
	view    View
	tasks   func() []TaskView // of the attempt that runs
	ask     func(asked) bool  // asks that attempt for a checkpoint
	earlier int64             // records of the attempts before it
}

// View returns the job as it is now.
func (m *Monitor) View() View {
	m.mu.Lock()
	defer m.mu.Unlock()
	v := m.view
	v.Records = m.earlier
	if m.tasks != nil {
		v.Tasks = m.tasks()
		v.Records += sourceRecords(v.Tasks)
	}
	return v
}

// sourceRecords adds up the records that the tasks of sources have read.
func sourceRecords(tasks []TaskView) (n int64) {
	for _, t := range tasks {
		if t.Source {
			n += t.Records
		}
	}
	return n
}

func (m *Monitor) update(f func(*View)) {
	m.mu.Lock()
	defer m.mu.Unlock()
	f(&m.view)
}

// begin counts an attempt. Until end, tasks returns its tasks, and ask asks it for a
// checkpoint.
func (m *Monitor) begin(tasks func() []TaskView, ask func(asked) bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.view.Attempt++
	m.tasks, m.ask = tasks, ask
}

func (m *Monitor) end() {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.tasks != nil {
		m.earlier += sourceRecords(m.tasks())
		m.tasks, m.ask = nil, nil
	}
}
