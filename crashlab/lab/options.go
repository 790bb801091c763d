package lab

import (
	"time"

	"github.com/weirstream/weir/checkpoint"
	"github.com/weirstream/weir/crashlab/judge"
	"github.com/weirstream/weir/crashlab/loopmount"
	"github.com/weirstream/weir/crashlab/workload"
)

// Options say what is run.
type Options struct {
	Configs   []loopmount.Config
	Workloads []workload.Workload

	Images   int    // power cuts for each file system and workload
	Seed     uint64 // of the reorderings
	Restarts int    // on how many of the job's images the whole job is run again
	Keep     string // a directory for bad images, "" for none

	Checkpoints int           // of workloads that count them
	Every       time.Duration // from one checkpoint to the next
	Settle      time.Duration // how long the record goes on after the last one
	JobRate     float64       // flights a second
}

// A Result is what came out for one workload on one file system.
type Result struct {
	Config   loopmount.Config
	Workload workload.Workload
	Expect   judge.Expectation
	Tally    judge.Tally

	Writes, Flushes int           // in the record
	Acked           checkpoint.ID // the last checkpoint reported complete in it
	Length          time.Duration // of the record
	Took            time.Duration // looking at all images

	Bad []BadImage // the first few
	// Complaints say what is not as it has to be; none is the good end.
	Complaints []string
}

// A BadImage is one of which the verdict was not OK.
type BadImage struct {
	Cut   string
	State judge.State
	Why   string
	Kept  string // the file it was kept in, if it was
}

// maxBad is how many bad images of a result are described and kept.
const maxBad = 5

// expected is what must come out.
func expected(c loopmount.Config, w workload.Workload) judge.Expectation {
	switch w.Kind {
	case workload.FlinkBefore:
		if c.Log1Loses {
			return judge.CaughtLosing
		}
		return judge.Caught
	case workload.FlinkAfter:
		return judge.Caught
	default: // Weir's own, and the minimum, as a bench that cries wolf is no good either
		if c.Keeps {
			return judge.Clean
		}
		return judge.Watch
	}
}
