package job

import (
	"fmt"
	"math"

	"github.com/weirstream/weir/internal/flow"
	"github.com/weirstream/weir/internal/plan"
)

// The most that one process is expected to hold. Each checkpoint sends a barrier over every
// channel, and a channel takes about 100 bytes at both of its ends. A subtask takes about
// 16 KiB with its goroutine and buffers.
const (
	maxChannels = 1 << 22
	maxSubtasks = 1 << 16
)

// fitsProcess returns an error if the job has more subtasks, or channels between them, than
// one process can be expected to hold. Between two operators that exchange records by key
// there is a channel for each pair of subtasks.
func fitsProcess(chains []*plan.Task, parallelism int) error {
	var channels, subtasks int
	for _, c := range chains {
		subtasks += c.Parallelism
		for _, e := range c.Inputs {
			channels += c.Parallelism * e.Channels(chains[e.FromTask].Parallelism)
		}
	}
	fits := float64(parallelism)
	fits = min(fits*math.Sqrt(maxChannels/float64(max(channels, 1))), fits*maxSubtasks/float64(max(subtasks, 1)))
	switch {
	case channels > maxChannels:
		return flow.Permanent(fmt.Errorf("parallelism %d: the job would have %d channels between its subtasks, one for each pair that exchanges records, and a process holds %d: run it with a parallelism of %d at most", parallelism, channels, maxChannels, max(1, int(fits))))
	case subtasks > maxSubtasks:
		return flow.Permanent(fmt.Errorf("parallelism %d: the job would have %d subtasks, and a process holds %d: run it with a parallelism of %d at most", parallelism, subtasks, maxSubtasks, max(1, int(fits))))
	}
	return nil
}
