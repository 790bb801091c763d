package job

import (
	"fmt"

	"github.com/weirstream/weir/internal/flow"
	"github.com/weirstream/weir/internal/plan"
)

// What a job may take before anything flows. A channel costs about 32 bytes in its gate and
// as much in its sender, a subtask about 16 KiB with its goroutine and buffers.
const (
	maxChannels = 1 << 24
	maxSubtasks = 1 << 17
)

// fitsMachine returns an error if the job has more subtasks, or channels between them, than
// one process can be expected to hold. Between two operators that exchange records by key
// there is a channel for each pair of subtasks.
func fitsMachine(chains []*plan.Task) error {
	var channels, subtasks int
	for _, c := range chains {
		subtasks += c.Parallelism
		for _, e := range c.Inputs {
			channels += c.Parallelism * e.Channels(chains[e.FromTask].Parallelism)
		}
	}
	switch {
	case channels > maxChannels:
		return flow.Permanent(fmt.Errorf("the job needs %d channels between its subtasks, and one process holds %d at most: an exchange by key has a channel for each pair of subtasks, so half the parallelism needs a quarter", channels, maxChannels))
	case subtasks > maxSubtasks:
		return flow.Permanent(fmt.Errorf("the job has %d subtasks, and one process holds %d at most: lower the parallelism", subtasks, maxSubtasks))
	}
	return nil
}
