package run

import (
	"maps"
	"slices"

	"github.com/weirstream/weir/checkpoint"
	"github.com/weirstream/weir/internal/plan"
)

// fit returns an error for an option that does not fit the job.
func (o Options) fit(p *plan.Plan) error {
	sources := make(map[string]bool)
	for _, n := range p.Nodes {
		if n.Source != nil {
			sources[n.Name] = true
		}
		if subtasks := n.ParallelismOf(o.Parallelism); o.MaxParallelism != 0 && subtasks > o.MaxParallelism {
			return optionsErrorf("max parallelism %d: want at least the parallelism of operator %s, %d, and at most %d", o.MaxParallelism, n.Label(), subtasks, checkpoint.MaxMaxParallelism)
		}
	}
	for _, source := range slices.Sorted(maps.Keys(o.ForgetSplits)) {
		if !sources[source] {
			return optionsErrorf("splits of source %q are to be forgotten with Options.ForgetSplits, and the job has no source of that name: its sources are %q", source, slices.Sorted(maps.Keys(sources)))
		}
	}
	return nil
}
