package job

import (
	"sync"
	"time"

	"github.com/weirstream/weir/checkpoint"
)

// A View is a job as it is seen from outside, at one moment.
type View struct {
	Attempt      int           // counts from 1
	Restored     checkpoint.ID // what this run's first attempt started from, 0 for nothing
	Records      int64         // read by the sources in this run, replayed ones included
	Completed    int           // checkpoints that this run has completed
	Failed       int           // checkpoints that have failed
	LastComplete checkpoint.ID // 0 if there is none
	LastTook     time.Duration // from trigger to complete
}

// A Monitor lets others see a job while it runs.
type Monitor struct {
	mu      sync.Mutex
	view    View
	records func() int64 // of the attempt that runs
	earlier int64        // of the attempts before it
}

// View returns the job as it is now.
func (m *Monitor) View() View {
	m.mu.Lock()
	defer m.mu.Unlock()
	v := m.view
	v.Records = m.earlier
	if m.records != nil {
		v.Records += m.records()
	}
	return v
}

func (m *Monitor) update(f func(*View)) {
	m.mu.Lock()
	defer m.mu.Unlock()
	f(&m.view)
}

// begin counts an attempt; records tells how many records it has read, until end.
func (m *Monitor) begin(records func() int64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.view.Attempt++
	m.records = records
}

func (m *Monitor) end() {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.records != nil {
		m.earlier += m.records()
		m.records = nil
	}
}
