package flow

import (
	"context"
)

// A Split is one part of a source that is read in order: its identity, and the
// position from which to read on (nil: from its beginning). Both are the source's own
// and mean nothing to the engine.
type Split struct {
	ID       string
	Position []byte
}

// A Source is a source, erased.
type Source interface {
	// Splits lists the splits there are now, in an order of the source's choosing.
	Splits(ctx context.Context) ([]string, error)
	// Bounded tells that reading ends; otherwise new splits are looked for from time
	// to time.
	Bounded() bool
	// Open opens a split for reading.
	Open(ctx context.Context, split Split) (SplitReader, error)
}

// A SplitReader reads one split, erased.
type SplitReader interface {
	// Read returns the next records and the position behind them, waiting a moment for
	// the first; a nil batch says that nothing is there now, io.EOF that nothing will
	// be. The batch belongs to the caller until its Release.
	Read(ctx context.Context) (b Batch, position []byte, err error)
	Close() error
}

// Fetched is the batch that the head of a source's chain gets: records, and where they
// come from. Pushed, it moves the split's position.
type Fetched struct {
	Batch
	Split    string
	Position []byte
}

// A Sink is a two-phase sink as the job drives it outside of its subtasks, erased.
type Sink interface {
	// Recover runs once at every start, before any subtask writes: it commits what the
	// restored checkpoint holds prepared and undoes all else that earlier runs left.
	Recover(ctx context.Context, prepared [][]byte) error
}

// The names of the operator states in which sources and sinks keep what they need:
// splits under Flink's own name for it, and what was prepared and not yet committed.
const (
	SplitsState   = "SourceReaderState"
	PreparedState = "weir-prepared"
)
