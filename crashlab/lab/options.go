package lab

import (
	"time"

	"github.com/weirstream/weir/checkpoint"
	"github.com/weirstream/weir/crashlab/judge"
	"github.com/weirstream/weir/crashlab/loopmount"
	"github.com/weirstream/weir/crashlab/workload"
)

// Options say what to run.
type Options struct {
	Configs   []loopmount.Config
	Workloads []workload.Workload

	Images   int    // power cuts for each file system and workload
	Seed     uint64 // of the reorderings
	Restarts int    // number of the job's images on which the job is run again
	Keep     string // a directory for bad images, "" for none

	Checkpoints int           // number of checkpoints; the job makes as many as it comes to
	Every       time.Duration // from one checkpoint to the next
	Settle      time.Duration // how long the record goes on after the last one
	JobRate     float64       // flights a second
}

// A Result is the result of one workload on one file system.
type Result struct {
	Config   loopmount.Config
	Workload workload.Workload
	Expect   judge.Expectation
	Tally    judge.Tally

	Writes, Flushes int           // in the record
	Acked           checkpoint.ID // the last checkpoint reported complete in it
	Length          time.Duration // of the record
	Took            time.Duration // for recovery from all images

	Bad []BadImage // the first few
	// Complaints say what is not as expected; nil if all is well.
	Complaints []string
}

// A BadImage is an image whose verdict is not OK.
type BadImage struct {
	Cut   string
	State judge.State
	Why   string
	Kept  string // the file that it is kept in, "" for none
}

// maxBad is how many bad images of a result are described and kept.
const maxBad = 5

// expected returns the result that is expected.
func expected(c loopmount.Config, w workload.Workload) judge.Expectation {
	switch w.Kind {
	case workload.FlinkBefore:
		if c.Log1Loses {
			return judge.CaughtLosing
		}
		return judge.Caught
	case workload.FlinkAfter:
		return judge.Caught
	default: // Weir's own; and the minimal sequence, which shows that the bench raises no false alarm
		if c.Keeps {
			return judge.Clean
		}
		return judge.Watch
	}
}
