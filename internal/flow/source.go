package flow

import (
	"context"
	"io"
	"time"

	"github.com/weirstream/weir/checkpoint"
)

// A Split is one part of a source that is read in order: its identity, and the
// position from which to read on (nil: from its beginning). Both are the source's own
// and mean nothing to the engine.
type Split struct {
	ID       string
	Position []byte
	// Watermark is how far event time had come in the split, MinTime if it is not known.
	Watermark Time
}

// A Listing is the splits of a source at one moment.
type Listing struct {
	// Read are the splits that are there, each with the position to read on from if it
	// is not being read yet.
	Read []Split
	// Forget are the ids of splits whose positions need not be kept any longer.
	Forget []string
}

// A Source is a source, erased.
type Source interface {
	// Splits lists the splits there are now, in an order of the source's choosing, in
	// the light of those that the job knows.
	Splits(ctx context.Context, known []Split) (Listing, error)
	// Bounded reports whether reading ends; otherwise new splits are looked for from
	// time to time.
	Bounded() bool
	// Open opens a split for reading. timed says that batches have a column of timestamps.
	Open(ctx context.Context, split Split, timed bool) (SplitReader, error)
	// Alignment returns the group of sources whose splits are read at one pace of event
	// time, and how far ahead of the others a split may be; "" if there is none.
	Alignment() (group string, most time.Duration)
	// Reads reports whether a file of that path would become input.
	Reads(path string) bool
}

// A SplitReader reads one split, erased. One goroutine at a time uses it.
type SplitReader interface {
	// Read returns the next records, the position after them and how far event time has
	// come with them. It may wait a moment for the first; a nil batch says that nothing is
	// there now, io.EOF that nothing will be. The batch belongs to the caller until its
	// Release.
	Read(ctx context.Context) (Fetched, error)
	// Resumed says that the split was not read for some time on purpose: it was not idle.
	Resumed()
	// Commits reports whether the reader wants to hear of complete checkpoints.
	Commits() bool
	// Committed says that a checkpoint with this position is complete.
	Committed(ctx context.Context, position []byte) error
	io.Closer
}

// Fetched is the batch that the head of a source's chain gets: records, and where they
// come from. Pushed, it moves the split's position.
type Fetched struct {
	Batch // nil if nothing is read
	Split string
	// Position is where to read on after the batch.
	Position []byte
	// Mark is how far event time has come in the split after the batch.
	Mark Mark
	// Begin says that the split is going to be read: event time waits for it. With an
	// empty Split it says that all splits that are read from the start were named.
	Begin bool
	// Ended says that nothing more comes of the split, unless it is opened again.
	Ended bool
	// Forget says that the split's position need not be kept any longer.
	Forget bool
}

// Len is the number of records.
func (f *Fetched) Len() int {
	if f.Batch == nil {
		return 0
	}
	return f.Batch.Len()
}

// Release gives the batch back.
func (f *Fetched) Release() {
	if f.Batch != nil {
		f.Batch.Release()
	}
}

// A Sink is a two-phase sink as the job drives it outside of its subtasks, erased.
type Sink interface {
	// Claim is called at the start of a run, before anything is read. It makes sure that
	// this run may write there, until release is called. release is nil if the sink needs
	// no claim.
	Claim(ctx context.Context, c Claim) (release func() error, err error)
	// Recover runs once at every start of an attempt, before any subtask writes: it
	// commits what the restored checkpoint holds prepared, unless that is known to be
	// done, and undoes all else that earlier runs left.
	Recover(ctx context.Context, prepared [][]byte, committed bool) error
	// Commit makes one piece of what a checkpoint holds prepared visible.
	Commit(ctx context.Context, prepared []byte) error
	// Writes returns a path such as the sink writes to, or "" if it writes no files.
	Writes() string
}

// A Claim says for what a sink is claimed.
type Claim struct {
	// Owner names the process, for people.
	Owner string
	// Lineage names the chain of checkpoints that the run adds to: one per checkpoint
	// directory.
	Lineage string
	// Fresh says that the run starts without a checkpoint: output that an earlier run of
	// this sink made visible is not continued but repeated.
	Fresh bool
	// From is the checkpoint that the run starts with, 0 if it is fresh.
	From checkpoint.ID
	// BesideOld permits a start that repeats visible output.
	BesideOld bool
}

// The names of the operator states in which sources and sinks keep what they need:
// splits under Flink's own name for it, and what was prepared and not yet committed.
const (
	SplitsState   = "SourceReaderState"
	PreparedState = "weir-prepared"
)

// A Listener is an operator that gives a source's reader word of complete checkpoints: the
// positions that a checkpoint holds.
type Listener interface {
	// Positions returns the splits as they were at the barrier of a checkpoint that is
	// complete now, and forgets earlier ones.
	Positions(id checkpoint.ID) []Split
}
