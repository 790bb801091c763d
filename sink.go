package weir

import "context"

// A Sink is where records go, exactly once. It works in two phases: what is written
// between two checkpoints is prepared (durable, but not visible) when the checkpoint's
// barrier passes, and committed (visible) once the checkpoint is complete. What it takes
// to commit is kept in the checkpoint; so whatever was prepared is committed after a
// restart, and whatever was not is undone.
//
// The sequence over a job's life is
//
//	start:       Commit(what the restored checkpoint holds) ; Abort ; Open per subtask
//	running:     Write … ; Prepare(n) ; Write … ; [n is complete] Commit(…) ; …
//	stop, crash: Close, or nothing at all
//
// A checkpoint that fails leaves what was prepared for it waiting for the next one:
// nothing is undone while the job runs on.
//
// When all sinks of a job have committed a checkpoint, that is remembered durably beside it.
// A start from such a checkpoint does not call Commit for it: since then the program that
// reads the output may have moved it away.
//
// A Sink that must not be used by two runs at once is a [Claimer] too, and one that writes
// files of this machine is [FileWriting].
type Sink[T any] interface {
	// Open begins the writing of one subtask.
	Open(ctx context.Context, c SinkContext) (Writer[T], error)

	// Commit makes visible, durably, what was prepared. It must be idempotent: after a
	// crash it is called again for what may have been committed before, and for what a
	// consumer may have taken away since. It is called for each subtask's own, and at a
	// start for all of them.
	Commit(ctx context.Context, prepared [][]byte) error

	// Abort undoes everything that this sink of this job has written and not committed. It
	// is called at every start, after what is to be kept was committed and before any
	// writer is opened. What other sinks keep in the same place is not touched. Nor is what
	// runs of another lineage have prepared: see [Claim].
	Abort(ctx context.Context, id SinkID) error
}

// SinkID names a sink.
type SinkID struct {
	Job      string
	Operator string
}

// SinkContext is what a writer may need to know to give what it writes a name that was
// never used before: incarnation, attempt and subtask together are, as long as the
// checkpoints are there. A [Claimer] can tell runs apart whose checkpoints were lost.
type SinkContext struct {
	SinkID
	Subtask     int
	Incarnation Incarnation
	Attempt     int
}

// A Writer is one subtask of a sink. One goroutine uses it.
type Writer[T any] interface {
	// Write takes records; it must not keep the slice. They need not be durable. ctx ends
	// when the job must stop at once; a stop with a final checkpoint does not end it.
	Write(ctx context.Context, records []T) error

	// Prepare makes everything written since the last Prepare durable, without making it
	// visible, and returns what Commit will need, or nil if nothing was written.
	// After it, id and its answer are part of the checkpoint.
	Prepare(ctx context.Context, id CheckpointID) ([]byte, error)

	// Close drops what was written and not prepared.
	Close() error
}

// A Claimer is a Sink whose place only one run at a time may use.
type Claimer interface {
	// Claim is called once at the start of a run, before the job reads anything. It takes
	// hold of the place that the sink writes to, until release is called; it changes
	// nothing that another run has written. A place that another run holds is an
	// *[OutputInUseError]. A place with visible output of this sink that the run would
	// write again is an *[OldOutputError], unless c.BesideOld is set.
	Claim(ctx context.Context, c Claim) (release func() error, err error)
}

// A Claim says which run claims a sink's place.
type Claim struct {
	SinkID
	// Owner names the process and its machine, for people: what another run is told.
	Owner string
	// Lineage names the chain of checkpoints that the run adds to. Runs with the same
	// checkpoint directory have the same lineage, and others have another. What a run has
	// prepared may be asked for by a later run of its lineage.
	Lineage string
	// Fresh says that the run starts without a checkpoint: it would write again what an
	// earlier run has made visible.
	Fresh bool
	// From is the checkpoint that the run starts with, 0 if it starts without one. The run
	// would write again what its lineage has made visible for later checkpoints.
	From CheckpointID
	// BesideOld permits the run to write again what is visible already.
	BesideOld bool
}

// A FileWriting sink can say where on this machine it writes, so that a job that would
// read its own output is refused before it runs.
type FileWriting interface {
	// Writes returns the path of a file such as the sink makes visible.
	Writes() string
}
