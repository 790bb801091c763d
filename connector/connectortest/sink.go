package connectortest

import (
	"testing"

	"github.com/weirstream/weir"
	"github.com/weirstream/weir/durable"
)

// A SinkConfig says what sink to test: by On or by Elsewhere, not both.
type SinkConfig[T any] struct {
	// On makes the sink, as a process does that has just started, on a file system that
	// may have been through a power cut. The sink touches nothing but what is below one
	// folder of its choice, which it makes if it is missing, and keeps nothing in memory
	// that a later process would need. On is called often.
	On func(fsys durable.FS) Output[T]

	// Elsewhere makes a sink whose output is not in files that package durable writes. It
	// is called for each scenario and makes a place with no output in it; the sink is kept
	// over all restarts of that scenario. No power is cut and no operation fails.
	Elsewhere func() Output[T]

	// Record makes the record with a number from 0 on. Different numbers have different
	// records, by reflect.DeepEqual, and each comes back from Output.Visible as it was.
	Record func(i int) T
}

// An Output is a sink and what can be seen of it.
type Output[T any] struct {
	Sink weir.Sink[T]

	// Visible lists the records that any other program can see, in any order. That there is
	// nothing yet, not even a folder, is no error.
	Visible func() ([]T, error)

	// Leftovers, if set, lists what is there and not visible, but for what a claim keeps:
	// there must be none when a job has ended well.
	Leftovers func() ([]string, error)

	// Take, if set, takes away all output that is visible, as a consumer may that has read
	// it.
	Take func() error
}

// Sink runs every check of a sink as a subtest.
func Sink[T any](t *testing.T, c SinkConfig[T]) {
	t.Helper()
	runAll(t, newSinkTest(c, t.Logf), sinkChecks[T]())
}

// Check is Sink without a test: it runs every check and returns what was found, joined.
func (c SinkConfig[T]) Check() error {
	return joinAll(newSinkTest(c, func(string, ...any) {}), sinkChecks[T]())
}

// sinkChecks are the checks of sinks, from simple to involved: the first that fails is the
// one to look at.
func sinkChecks[T any]() []check[*sinkTest[T]] {
	return []check[*sinkTest[T]]{
		{"records", "exactly once", (*sinkTest[T]).recordsDiffer},
		{"nothing written", "returns what Commit will need, or nil if nothing was written", (*sinkTest[T]).nothingWritten},
		{"hidden before commit", "Prepare makes everything written since the last Prepare durable, without making it visible", (*sinkTest[T]).hidden},
		{"visible after commit", "Commit makes visible, durably, what was prepared.", (*sinkTest[T]).visible},
		{"slices are not kept", "Write takes records; it must not keep the slice.", (*sinkTest[T]).slices},
		{"claim", "It takes hold of the place that the sink writes to, until release is called; it changes nothing that another run has written.", (*sinkTest[T]).claimed},
		{"failed checkpoint", "A checkpoint that fails leaves what was prepared for it waiting for the next one", (*sinkTest[T]).failedCheckpoint},
		{"commit again", "It must be idempotent: after a crash it is called again for what may have been committed before, and for what a consumer may have taken away since.", (*sinkTest[T]).commitAgain},
		{"each subtask's own", "It is called for each subtask's own, and at a start for all of them.", (*sinkTest[T]).ownOnly},
		{"close", "Close drops what was written and not prepared.", (*sinkTest[T]).closing},
		{"commit after a restart", "whatever was prepared is committed after a restart", (*sinkTest[T]).commitAfterRestart},
		{"abort keeps what is visible", "Abort undoes everything that this sink of this job has written and not committed.", (*sinkTest[T]).abortKeeps},
		{"abort what was written", "Abort undoes everything that this sink of this job has written and not committed.", (*sinkTest[T]).abortWritten},
		{"abort what was prepared", "Abort undoes everything that this sink of this job has written and not committed.", (*sinkTest[T]).abortPrepared},
		{"abort leaves others alone", "What other sinks keep in the same place is not touched.", (*sinkTest[T]).others},
		{"claim beside old output", "A place with visible output of this sink that the run would write again is an *[OldOutputError], unless c.BesideOld is set.", (*sinkTest[T]).oldOutput},
		{"new output beside old", "unless c.BesideOld is set", (*sinkTest[T]).besideOld},
		{"other lineages", "Nor is what runs of another lineage have prepared", (*sinkTest[T]).lineages},
		{"output is taken", "for what a consumer may have taken away since", (*sinkTest[T]).taken},
		{"cancelled commit", "Commit makes visible, durably, what was prepared.", (*sinkTest[T]).cancelled},
		{"subtasks at the same time", "A Writer is one subtask of a sink. One goroutine uses it.", (*sinkTest[T]).together},
		{"killed at every step", "so whatever was prepared is committed after a restart, and whatever was not is undone.", (*sinkTest[T]).killed},
		{"prepared is durable", "Prepare makes everything written since the last Prepare durable", (*sinkTest[T]).preparedIsDurable},
		{"committed is durable", "Commit makes visible, durably, what was prepared.", (*sinkTest[T]).committedIsDurable},
		{"faults", "A Sink is where records go, exactly once.", (*sinkTest[T]).faults},
		{"pairs of faults", "A Sink is where records go, exactly once.", (*sinkTest[T]).pairsOfFaults},
		{"faults and power cuts", "Prepare makes everything written since the last Prepare durable", (*sinkTest[T]).faultsAndPowerCuts},
		{"power cuts", "A Sink is where records go, exactly once.", (*sinkTest[T]).powerCuts},
		{"power cuts in recovery", "A Sink is where records go, exactly once.", (*sinkTest[T]).powerCutsInRecovery},
	}
}

// A sinkTest is a sink under test.
type sinkTest[T any] struct {
	SinkConfig[T]
	numbers numbering[T]
	sample  *sample
	logf    func(format string, args ...any)
}

func newSinkTest[T any](c SinkConfig[T], logf func(string, ...any)) *sinkTest[T] {
	if (c.On == nil) == (c.Elsewhere == nil) {
		panic("connectortest: a SinkConfig needs On or Elsewhere, and not both")
	}
	return &sinkTest[T]{SinkConfig: c, numbers: numbering[T]{record: c.Record}, sample: newSample(logf), logf: logf}
}

// needsFiles passes a check over if nothing can be done to what is below the sink.
func (s *sinkTest[T]) needsFiles() error {
	if s.On == nil {
		return passedOver("the sink does not write through package durable: power cuts and faults are out of reach")
	}
	return nil
}
