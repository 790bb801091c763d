package weir

import "context"

// A Source is where records come from. It is a set of splits (files, partitions,
// ranges), each of which is read in order from a position. Weir keeps the position of
// every split in the checkpoints and reads on from there after a restart; so a source
// must be able to replay: a split that is opened at a position must give the records
// that followed it the first time, byte for byte, for as long as a checkpoint may refer
// to it.
//
// Several goroutines use a Source at once. It must not keep state of its own that a
// restart would lose.
//
// A Source may also be a [SplitPlanner] (its splits are renamed, replaced or deleted), a
// [FileReading] source (it reads files of this machine), or both. Its readers may be a
// [Committer] or a [TimedReader].
type Source[T any] interface {
	// Splits lists the ids of the splits there are now. An id is the identity of a
	// split across restarts; it must not be empty. Order and number may change. A split
	// that is no longer listed keeps its position, so that it is read on from there if it
	// comes back.
	Splits(ctx context.Context) ([]string, error)

	// Bounded reports whether reading ends: true if every split ends and no new ones are
	// to be expected. The job then ends with a final checkpoint. If false, Splits is
	// asked again from time to time.
	Bounded() bool

	// Open opens a split at its position. A job may have tens of thousands of splits, all
	// open: a reader that needs a descriptor opens it when it reads, and closes it when
	// the split has been idle.
	Open(ctx context.Context, split Split) (Reader[T], error)
}

// A Split names a part of a source and where in it to read on.
type Split struct {
	ID string
	// Position is what Reader.Position returned, or nil for the beginning.
	Position []byte
}

// A Reader reads one split. One goroutine at a time uses it.
type Reader[T any] interface {
	// Read fills records from the front with what comes next and returns how many it
	// filled. It may wait a moment (say, 100 ms) for the first record and must return
	// when ctx ends; it does not wait to fill up. 0 and no error say that nothing is
	// there now: the split is asked again after a pause, which grows from 10 ms to 1 s
	// while the split stays idle. io.EOF, with or without records, says that the split has
	// ended. Any other error fails the attempt; mark it with Permanent if it would come
	// again.
	Read(ctx context.Context, records []T) (n int, err error)

	// Position is where to read on after the records returned so far. The slice must
	// not be changed afterwards. It is kept in checkpoints, so keep it short.
	Position() []byte

	// Close lets go of what the reader holds.
	Close() error
}

// A SplitPlanner is a Source whose splits are renamed, replaced or deleted: files that are
// rotated, shards that are split. Weir calls PlanSplits instead of Splits, and gives it the
// splits that the job knows.
type SplitPlanner interface {
	// PlanSplits lists the splits there are now. known are all splits that the job keeps a
	// position of, as they were a moment ago, in the order of their ids; a split that is
	// not in it has never been read, or was forgotten. The source must not change them.
	//
	// At the start of a job, nothing is being read yet. Later, a split that is being read
	// stays so whatever the plan says, until its reader returns io.EOF.
	PlanSplits(ctx context.Context, known []Split) (SplitPlan, error)
}

// A SplitPlan is the splits of a source at one moment.
type SplitPlan struct {
	// Read are the splits that are there. A split that is not being read begins, or goes
	// on, at the position given here. A split that has ended with io.EOF is read again only
	// if its position here is another one than at its end.
	Read []Split
	// Forget are the ids of splits that are gone for ever: their positions leave the
	// checkpoints. A split with a forgotten id is a new one if it comes back.
	Forget []string
}

// A Committer is a Reader that is told when a checkpoint that holds its position is
// complete: to commit offsets for others to see, to acknowledge messages, to let a server
// throw away what was read.
type Committer interface {
	// Committed says that a checkpoint with this position is complete: no restart reads
	// anything before it again. The position is not nil, and another one than the last time.
	// Positions come in the order in which Position returned
	// them, but not all of them come, and after a crash the last one may never come: a
	// later one makes up for it. It is called by the goroutine that calls Read, between
	// two reads, and the reader of a split that has ended is kept open for it. An error
	// fails the attempt.
	Committed(ctx context.Context, position []byte) error
}

// A TimedReader is a Reader whose records bring timestamps of their own, as those of Kafka
// do. It is used in jobs with event time.
type TimedReader[T any] interface {
	Reader[T]
	// ReadTimed is Read. It also fills times, which is as long as records: the timestamp
	// of each record, or MinTime if it has none.
	ReadTimed(ctx context.Context, records []T, times []Time) (n int, err error)
}

// A FileReading source can say which files of this machine it reads, so that a job that
// would read its own output or its own checkpoints is refused before it runs.
type FileReading interface {
	// Reads reports whether a file of that path, which need not exist, would become input.
	Reads(path string) bool
}
