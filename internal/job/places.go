package job

import (
	"path/filepath"

	"github.com/weirstream/weir/internal/plan"
)

// CheckPlaces returns an error if a source of the plan would read the output of one of its
// sinks, or the job's checkpoints in dir.
func CheckPlaces(p *plan.Plan, dir string) error {
	checkpoint := filepath.Join(dir, "chk-1", "_metadata")
	for _, source := range p.Nodes {
		if source.Source == nil {
			continue
		}
		if source.Source.Reads(checkpoint) {
			return misplaced("source %s would read the job's own checkpoints in %s: keep them outside of the folder that is read", source.Label(), dir)
		}
		for _, sink := range p.Nodes {
			if sink.Sink == nil {
				continue
			}
			if at := sink.Sink.Writes(); at != "" && source.Source.Reads(at) {
				return misplaced("source %s would read what sink %s writes, as %s: the job would feed itself without end; write to another folder, or leave that output out with a pattern", source.Label(), sink.Label(), at)
			}
		}
	}
	return nil
}
