package flow

import (
	"testing"

	"github.com/weirstream/weir/checkpoint"
)

// The ranges of all subtasks are all key groups, each of them once and in order; where
// they end Flink says.
func TestRanges(t *testing.T) {
	for maxParallelism := 1; maxParallelism < 140; maxParallelism++ {
		for parallelism := 1; parallelism <= maxParallelism; parallelism++ {
			next := 0
			for subtask := range parallelism {
				c := Context{Subtask: checkpoint.Subtask(subtask), Parallelism: parallelism, MaxParallelism: maxParallelism}
				r := c.Range()
				if r.Start != next || r.End < r.Start {
					t.Fatalf("subtask %d of %d has %d to %d of %d, after %d", subtask, parallelism, r.Start, r.End, maxParallelism, next-1)
				}
				// Of each key group, the subtask is group*parallelism/maxParallelism.
				if r.Start*parallelism/maxParallelism != subtask || r.End*parallelism/maxParallelism != subtask {
					t.Fatalf("subtask %d of %d has %d to %d of %d", subtask, parallelism, r.Start, r.End, maxParallelism)
				}
				next = r.End + 1
			}
			if next != maxParallelism {
				t.Fatalf("%d subtasks have %d of %d key groups", parallelism, next, maxParallelism)
			}
		}
	}
}

func TestRestoredLists(t *testing.T) {
	r := &Restored{Lists: []ListState{{Name: "a", Elements: [][]byte{{1}}}, {Name: "b", Elements: [][]byte{{2}, {3}}}}}
	if len(r.List("a")) != 1 || len(r.List("b")) != 2 || r.List("c") != nil || (*Restored)(nil).List("a") != nil {
		t.Errorf("the lists are %v, %v and %v", r.List("a"), r.List("b"), r.List("c"))
	}
}
